"""Exact numbers: a field, ordered, that prints what it is."""

import math
from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from butcher.coefficient import ONE, ZERO, Number, RadicandTooLargeError
from butcher.coefficient.number import squarefree

fractions = st.fractions(min_value=-50, max_value=50, max_denominator=30)


@st.composite
def numbers(draw: st.DrawFn) -> Number:
    """Elements of Q(sqrt 2, sqrt 3, sqrt 5) and of Q(sqrt 6, sqrt 10, sqrt 15)."""
    radicands = draw(st.sampled_from([(2, 3, 5, 6, 30), (6, 10, 15)]))
    total = Number.of(draw(fractions))
    for radicand in draw(st.sets(st.sampled_from(radicands), max_size=3)):
        total = total + Number.sqrt(Fraction(radicand)) * draw(fractions)
    return total


def in_sympy(number: Number) -> sympy.Expr:
    return sympy.sympify(str(number))


@given(numbers(), numbers(), numbers())
def test_numbers_form_a_commutative_ring(x: Number, y: Number, z: Number) -> None:
    assert x + y == y + x
    assert x * y == y * x
    assert (x + y) + z == x + (y + z)
    assert (x * y) * z == x * (y * z)
    assert x * (y + z) == x * y + x * z
    assert x - x == ZERO
    assert x + ZERO == x
    assert x * ONE == x


@given(numbers())
def test_every_number_but_zero_has_an_inverse(x: Number) -> None:
    if x:
        assert x * x.inverse() == ONE
        assert x**-3 * x**3 == ONE
    else:
        with pytest.raises(ZeroDivisionError):
            x.inverse()


@given(numbers())
def test_the_double_is_the_nearest_one(x: Number) -> None:
    assert float(x) == float(in_sympy(x).evalf(60))


@given(numbers(), numbers())
def test_order_is_that_of_the_reals(x: Number, y: Number) -> None:
    difference = in_sympy(x) - in_sympy(y)
    assert (x < y) == bool(difference < 0)
    assert (x == y) == (sympy.nsimplify(difference) == 0)


@given(numbers())
def test_a_bound_bounds_and_fixed_point_is_near(x: Number) -> None:
    assert Number.of(x.magnitude()) >= abs(x)
    assert Number.of(x.magnitude()) - abs(x) <= Number.of(Fraction(1, 2**40))
    error = Number.of(Fraction(x.scaled(100), 2**100)) - x
    assert abs(error) < Number.of(Fraction(1, 2**100))


def test_a_tiny_difference_of_roots_has_its_sign() -> None:
    # sqrt(2) + sqrt(3) against its own first 60 digits
    digits = sympy.N(sympy.sqrt(2) + sympy.sqrt(3), 60)
    below = Fraction(str(digits)) - Fraction(1, 10**58)
    assert Number.sqrt(Fraction(2)) + Number.sqrt(Fraction(3)) > Number.of(below)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Number({1: 4, 6: 94}, 375), "(4+94*sqrt(6))/375"),
        (Number({6: 1}, 2), "sqrt(6)/2"),
        (Number({6: -1}), "-sqrt(6)"),
        (Number({1: -3}, 40), "-3/40"),
        (Number({1: 1, 2: -1}), "1-sqrt(2)"),
        (ZERO, "0"),
    ],
)
def test_numbers_print_as_the_language_writes_them(number: Number, text: str) -> None:
    assert str(number) == text


@given(st.integers(1, 10**6))
def test_squarefree_splits_off_the_largest_square(n: int) -> None:
    root, rest = squarefree(n)
    assert root * root * rest == n
    assert all(power == 1 for power in sympy.factorint(rest).values())


@pytest.mark.parametrize("n", [999999999989, 999983**2, 999983 * 999979, 2 * 707099**2])
def test_large_radicands_are_split(n: int) -> None:
    root, rest = squarefree(n)
    assert root * root * rest == n
    assert all(power == 1 for power in sympy.factorint(rest).values())


def test_a_radicand_over_the_limit_is_refused() -> None:
    with pytest.raises(RadicandTooLargeError):
        Number.sqrt(Fraction(10**12 + 1))


def test_the_root_of_a_quotient_is_rational_below_the_line() -> None:
    assert Number.sqrt(Fraction(1, 12)) == Number({3: 1}, 6)
    assert Number.sqrt(Fraction(9, 4)) == Fraction(3, 2)


def test_a_float_past_the_range_is_infinite() -> None:
    assert float(Number.of(10) ** 400) == math.inf
    assert float(-(Number.of(10) ** 400)) == -math.inf
