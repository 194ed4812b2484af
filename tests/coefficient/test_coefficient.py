"""Rational functions of symbols, compared as functions, with the rounding of printed digits."""

from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from butcher.coefficient import Coefficient, ExpressionTooLargeError, Number, Variable

A = Coefficient.symbol(Variable("a", Number.of(Fraction(1, 2))))
H = Coefficient.symbol(Variable("h", Number.of(1)))
ONE = Coefficient.of(1)


@st.composite
def coefficients(draw: st.DrawFn, depth: int = 3) -> Coefficient:
    if depth == 0 or draw(st.booleans()):
        leaf = draw(st.sampled_from([A, H, ONE, Coefficient.of(Number.sqrt(Fraction(2)))]))
        return leaf * draw(st.integers(-3, 3))
    left, right = draw(coefficients(depth=depth - 1)), draw(coefficients(depth=depth - 1))
    match draw(st.sampled_from("+-*/")):
        case "+":
            return left + right
        case "-":
            return left - right
        case "/" if right:
            return left / right
        case _:
            return left * right


def in_sympy(coefficient: Coefficient) -> sympy.Expr:
    return sympy.sympify(str(coefficient).replace("^", "**"))


@given(coefficients(), coefficients())
def test_arithmetic_is_that_of_rational_functions(x: Coefficient, y: Coefficient) -> None:
    assert sympy.simplify(in_sympy(x + y) - in_sympy(x) - in_sympy(y)) == 0
    assert sympy.simplify(in_sympy(x * y) - in_sympy(x) * in_sympy(y)) == 0
    if y:
        assert x / y * y == x


@given(coefficients(), coefficients())
def test_equal_functions_are_equal_and_hash_alike(x: Coefficient, y: Coefficient) -> None:
    assert (x + y) ** 2 == x**2 + x * y * 2 + y**2
    assert hash((x + y) ** 2) == hash(x**2 + x * y * 2 + y**2)
    if x - y:
        assert x != y


def test_equality_does_not_depend_on_how_it_was_written() -> None:
    written = ONE - ONE / (A * 2)
    assert written == (A * 2 - 1) / (A * 2)
    assert (A * A - 1) / (A - 1) == A + 1
    assert str(written) == "(-1+2*a)/(2*a)"


def test_a_symbol_is_replaced_by_a_function() -> None:
    assert (H * A / (A + 1)).substitute({"a": H, "h": A}) == H * A / (H + 1)


def test_values_are_exact() -> None:
    assert (H / (A * 3)).start() == Fraction(2, 3)
    assert (H / (A * 3)).evaluate({"a": Number.of(2), "h": Number.of(5)}) == Fraction(5, 6)
    with pytest.raises(ZeroDivisionError):
        (ONE / (A * 2 - 1)).start()


@pytest.mark.parametrize(
    ("coefficient", "power"),
    [(H * A, 1), (H**2 * 3, 2), (H + A, 0), (A / H, -1), (H * A + H**2, 1)],
)
def test_powers_of_the_step_are_factored_out(coefficient: Coefficient, power: int) -> None:
    assert coefficient.power_of("h") == power


@given(
    st.tuples(st.integers(-9, 9), st.integers(-9, 9)),
    st.tuples(st.integers(-100, 100), st.integers(-100, 100)),
)
def test_the_radius_bounds_what_roundings_can_do(
    values: tuple[int, int], shifts: tuple[int, int]
) -> None:
    radius = Fraction(1, 1000)
    x, y = (Coefficient.of(v).rounded(radius) for v in values)
    true_x, true_y = (v + s * radius / 100 for v, s in zip(values, shifts, strict=True))
    pairs = [(x + y, true_x + true_y), (x * y, true_x * true_y), (x - y * 3, true_x - 3 * true_y)]
    if values[1]:
        pairs.append((x / y, true_x / true_y))
    for coefficient, true in pairs:
        assert abs(coefficient.number.fraction - true) <= coefficient.radius


def test_division_within_the_rounding_of_zero_is_refused() -> None:
    small = Coefficient.of(Fraction(1, 1000)).rounded(Fraction(1, 100))
    with pytest.raises(ZeroDivisionError):
        ONE / small


def test_what_multiplies_out_to_too_many_terms_is_refused() -> None:
    total = sum(
        (Coefficient.symbol(Variable(f"a{i}", Number.of(1))) for i in range(40)), Coefficient.of(0)
    )
    with pytest.raises(ExpressionTooLargeError):
        total**4
