"""Where something ends on a half-axis: in closed form, in double precision, or not at all."""

from __future__ import annotations

from math import inf

from butcher.analysis.shared_digits import shared_digits
from butcher.analysis.sturm import RealRoot, first_sign_change
from butcher.analysis.univariate import Polynomial
from butcher.coefficient import ZERO, Number

Extent = Number | float
"""A number in closed form, a float where there is none (right to its last digit), or infinity."""


def extent(end: RealRoot | Number | None) -> Extent:
    """None stands for infinity."""
    if end is None:
        return inf
    if isinstance(end, Number):
        return end
    return float(end) if end.exact is None else end.exact


def reach(least: Polynomial, most: Polynomial) -> Extent | None:
    """Up to which t >= 0 a polynomial is not negative that lies between these two.

    None where they do not agree on it.
    """
    high = _reach(most)
    if least == most:
        return high
    low = _reach(least)
    return high if low == high else shared_digits(float(low), float(high))


def _reach(p: Polynomial) -> Extent:
    first = next((a for a in p if a), None)
    if first is None:
        return inf
    return ZERO if first.sign < 0 else extent(first_sign_change(p))
