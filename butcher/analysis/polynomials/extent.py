"""Where something ends on a half-axis: in closed form, in double precision, or not at all."""

from __future__ import annotations

from math import inf

from butcher.analysis.polynomials.shared_digits import shared_digits
from butcher.analysis.polynomials.sturm import ORIGIN, RealRoot, first_sign_change
from butcher.analysis.polynomials.univariate import Polynomial
from butcher.coefficient import Number

Extent = Number | float
"""A number in closed form, a float where there is none (right to its last digit), or infinity."""


def extent(end: RealRoot | None) -> Extent:
    """None stands for infinity."""
    return inf if end is None else end.place


def reach(least: Polynomial, most: Polynomial) -> Extent | None:
    """Up to which t >= 0 a polynomial is not negative that lies between these two.

    None where they do not agree on it.
    """
    if least == most:
        return extent(_end(most))
    low, high = (end.nearest if (end := _end(p)) else inf for p in (least, most))
    return low if low == high else shared_digits(low, high)


def _end(p: Polynomial) -> RealRoot | None:
    first = next((a for a in p if a), None)
    if first is None:
        return None
    return ORIGIN if first.sign < 0 else first_sign_change(p)
