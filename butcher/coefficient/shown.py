"""Exact values in messages: as they are if that is short."""

from __future__ import annotations

from math import log10

from butcher.coefficient.coefficient import Coefficient
from butcher.coefficient.number import Number

LONGEST = 200


def is_short(value: Number | Coefficient, width: int = LONGEST) -> bool:
    """Whether its exact text has at most so many characters. Integers are looked at before they
    are written: long ones are slow to write, and Python refuses the longest."""
    polynomials = () if isinstance(value, Number) else (value.numerator, value.denominator)
    numbers = (
        (value,) if isinstance(value, Number) else [n for p in polynomials for _, n in p.terms]
    )
    integers = (i for n in numbers for i in (n.denominator, *(i for _, i in n.terms)))
    return all(i.bit_length() <= 4 * width for i in integers) and len(str(value)) <= width


def shown(value: Number | Coefficient, width: int = LONGEST) -> str:
    """The exact text if it is short; else `about 0.3333333333`, or what it depends on."""
    if is_short(value, width):
        return str(value)
    if isinstance(value, Coefficient):
        if not value.is_number:
            return f"a function of {', '.join(sorted(value.names)[:5])}"
        value = value.number
    approximate = float(value)
    if value and approximate and abs(approximate) < float("inf"):
        return f"about {approximate:.10g}"
    size = value.magnitude()
    digits = log10(2) * (size.numerator.bit_length() - size.denominator.bit_length())
    return f"about {'-' if value.sign < 0 else ''}10^{round(digits)}"
