"""Coefficients as a diagram shows them: exact where that is short, else four digits."""

from __future__ import annotations

import re
from decimal import Context, Decimal

from butcher.coefficient import Coefficient, Number

WIDEST_NUMBER = 12
WIDEST_FORMULA = 24


def exact(coefficient: Coefficient) -> str:
    """The coefficient as the language reads it, whole."""
    try:
        return str(coefficient.number if coefficient.is_number else coefficient)
    except ValueError:  # Python refuses to print integers of more than 4,300 digits
        return "a number of more than 4300 digits"


def short(coefficient: Coefficient) -> str:
    """What fits beside a wire: `1/6`, `(4+94√6)/375`, `1-k`, `≈0.07522`.

    A rational number or a surd stands exact up to 12 characters, a decimal as a decimal; longer
    ones are rounded to four digits. A formula that is too long is cut.
    """
    text = pretty(exact(coefficient))
    if not coefficient.is_number:
        return text if len(text) <= WIDEST_FORMULA else text[: WIDEST_FORMULA - 1] + "…"
    number = coefficient.number
    decimal = _decimal(number)
    if decimal is not None and len(decimal) < len(text):
        text = decimal
    return text if len(text) <= WIDEST_NUMBER else f"≈{_rounded(number)}"


def pretty(text: str) -> str:
    """`3/2·h`, `(2+2√6)/15` for `3/2*h`, `(2+2*sqrt(6))/15`."""
    return re.sub(r"\*?sqrt\((\d+)\)", r"√\1", text).replace("*", "·")


def _decimal(number: Number) -> str | None:
    """A number of a decimal table as a decimal; None for fractions like 1/2, 3/40 or 1/3."""
    if not number.is_rational or not 1000 < number.denominator <= 10**WIDEST_NUMBER:
        return None
    if 10**WIDEST_NUMBER % number.denominator:
        return None
    return f"{_quotient(number.fraction.numerator, number.denominator, WIDEST_NUMBER):f}"


def _rounded(number: Number) -> str:
    """Four significant digits, from integers alone."""
    bits = 32
    while abs(scaled := number.scaled(bits)) < 1 << 24:
        bits *= 2
    value = _quotient(scaled, 1 << bits, 4)
    return str(value) if -4 <= value.adjusted() < 6 else f"{value:.3e}"


def _quotient(above: int, below: int, digits: int) -> Decimal:
    return Context(prec=digits).divide(Decimal(above), Decimal(below))
