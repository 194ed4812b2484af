"""Exact polynomials in one variable, against sympy's."""

from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from butcher.analysis.limits import TooLargeError, bounded
from butcher.analysis.polynomials.modular import are_surely_coprime
from butcher.analysis.polynomials.univariate import (
    Polynomial,
    common_divisor,
    complex_value,
    derivative,
    divided,
    interpolated,
    minus,
    on_imaginary_axis,
    plus,
    polynomial,
    power,
    primitive,
    scaled,
    squarefree_factors,
    squarefree_part,
    times,
    value,
)
from butcher.coefficient import Number

x = sympy.Symbol("x")
SURD = Number.sqrt(Fraction(2))

fractions = st.fractions(min_value=-9, max_value=9, max_denominator=6)
numbers = st.builds(lambda a, b: Number.of(a) + SURD * b, fractions, st.sampled_from([0, 0, 1, -2]))
polynomials = st.lists(numbers, max_size=6).map(polynomial)
nonzero = polynomials.filter(bool)


def of_sympy(p: Polynomial) -> sympy.Poly:
    return sympy.Poly([sympy.sympify(str(a)) for a in reversed(p)] or [0], x, extension=True)


def of(text: str) -> Polynomial:
    return polynomial(
        Fraction(int(a.p), int(a.q)) for a in reversed(sympy.Poly(text, x).all_coeffs())
    )


@given(polynomials, nonzero)
def test_division_gives_back_the_dividend(p: Polynomial, q: Polynomial) -> None:
    quotient, rest = divided(p, q)
    assert plus(times(quotient, q), rest) == p
    assert len(rest) < len(q)


@given(polynomials, polynomials, fractions)
def test_sums_and_products_are_those_of_the_values(
    p: Polynomial, q: Polynomial, point: Fraction
) -> None:
    assert value(plus(p, q), point) == value(p, point) + value(q, point)
    assert value(minus(p, q), point) == value(p, point) - value(q, point)
    assert value(times(p, q), point) == value(p, point) * value(q, point)
    assert value(derivative(times(p, q)), point) == value(
        plus(times(derivative(p), q), times(p, derivative(q))), point
    )


@given(nonzero, nonzero, nonzero)
def test_a_common_divisor_is_the_greatest(p: Polynomial, q: Polynomial, r: Polynomial) -> None:
    found = common_divisor(times(p, r), times(q, r))
    assert not divided(found, r)[1]
    assert not divided(times(p, r), found)[1]
    assert not divided(times(q, r), found)[1]
    first, second = divided(times(p, r), found)[0], divided(times(q, r), found)[0]
    assert len(common_divisor(first, second)) == 1


@pytest.mark.parametrize(
    ("p", "q"), [("x^2 - 3", "x - 1"), ("x^4 + 1", "x^3 - 2*x + 7"), ("x + 1", "5")]
)
def test_the_greatest_common_divisor_is_sympys(p: str, q: str) -> None:
    for factor in ("1", "x - 2", "3*x^2 + 1"):
        first, second = times(of(p), of(factor)), times(of(q), of(factor))
        expected = sympy.gcd(of_sympy(first).as_expr(), of_sympy(second).as_expr())
        ratio = sympy.cancel(of_sympy(common_divisor(first, second)).as_expr() / expected)
        assert ratio.is_number


@given(nonzero, nonzero)
def test_what_is_coprime_modulo_a_prime_has_no_common_divisor(p: Polynomial, q: Polynomial) -> None:
    common = polynomial([SURD, 1])
    assert not are_surely_coprime(times(p, common), times(q, common))
    if are_surely_coprime(p, q):
        assert sympy.gcd(of_sympy(p), of_sympy(q)).degree() == 0


def test_roots_of_products_are_products_of_roots_modulo_the_prime() -> None:
    root = Number.sqrt
    p = polynomial([root(Fraction(6)), root(Fraction(2))])  # sqrt(2) (x + sqrt(3))
    q = polynomial([-3, 0, 1])
    assert not are_surely_coprime(p, q)
    assert common_divisor(p, q) == polynomial([root(Fraction(3)), 1])


def test_multiplicities_are_told_apart() -> None:
    a, b, c = of("x - 1"), of("x^2 + x + 5"), polynomial([SURD, 1])
    p = times(times(a, power(b, 2)), power(c, 3))
    assert squarefree_factors(scaled(p, -7)) == (a, b, c)
    assert squarefree_part(p) in (times(times(a, b), c), primitive(times(times(a, b), c)))
    assert squarefree_factors(polynomial([4])) == ()


@given(polynomials)
def test_a_polynomial_is_known_by_its_values(p: Polynomial) -> None:
    assert interpolated(lambda node: value(p, node), 8) == p


@given(polynomials, fractions)
def test_the_two_parts_make_up_the_imaginary_axis(p: Polynomial, y: Fraction) -> None:
    a, b = on_imaginary_axis(p)
    expected = complex(float(value(a, y * y)), float(y) * float(value(b, y * y)))
    assert complex_value(p, 1j * float(y)) == pytest.approx(expected, abs=1e-6, rel=1e-9)


def test_numbers_that_grow_too_long_end_with_an_error() -> None:
    long = polynomial(10**900 + 7**k for k in range(60))
    with pytest.raises(TooLargeError, match="this and that"), bounded("this and that"):
        power(long, 60)
