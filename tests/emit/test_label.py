"""Coefficients as a diagram shows them."""

from fractions import Fraction

import pytest

from butcher.coefficient import Coefficient, Number, Variable
from butcher.emit.label import exact, short

A = Coefficient.symbol(Variable("a", Number.of(1)))
ROOT = Number.sqrt(Fraction(6))


def number(above: int, below: int = 1) -> Number:
    return Number.of(Fraction(above, below))


@pytest.mark.parametrize(
    ("coefficient", "label"),
    [
        (number(1, 6), "1/6"),
        (number(-25360, 2187), "-25360/2187"),
        (number(-92097, 339200), "≈-0.2715"),
        (number(19, 256), "19/256"),
        (number(84788, 100000), "0.84788"),
        (number(3, 40), "3/40"),
        (ROOT / 2, "√6/2"),
        ((number(4) + ROOT * 94) / 375, "(4+94√6)/375"),
        ((number(155338) - ROOT * 52807) / 345600, "≈0.07520"),
        (number(10**40 + 1, 3), "≈3.333e+39"),
        (number(1, 10**40 + 1), "≈1.000e-40"),
        (Coefficient.of(1) - A * 2, "1-2·a"),
        (Coefficient.of(1) / (A * 2), "1/(2·a)"),
    ],
)
def test_a_label_is_exact_where_that_is_short(
    coefficient: Number | Coefficient, label: str
) -> None:
    assert short(Coefficient.of(coefficient)) == label


def test_a_long_formula_is_cut() -> None:
    assert short((A + 1) ** 9) == "1+9·a+36·a^2+84·a^3+126…"


def test_a_number_that_python_refuses_to_print_is_no_crash() -> None:
    huge = Coefficient.of(Number.of(Fraction(7**6000, 3)))
    assert short(huge) == "≈1.292e+5070"
    assert "digits" in exact(huge)
