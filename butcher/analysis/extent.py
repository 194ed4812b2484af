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
    if least == most:
        return extent(_end(most))
    low, high = (_approximate(_end(p)) for p in (least, most))
    return low if low == high else shared_digits(low, high)


def _end(p: Polynomial) -> RealRoot | Number | None:
    first = next((a for a in p if a), None)
    if first is None:
        return None
    return ZERO if first.sign < 0 else first_sign_change(p)


def _approximate(end: RealRoot | Number | None) -> float:
    if isinstance(end, RealRoot):
        return end.nearest
    return inf if end is None else float(end)
