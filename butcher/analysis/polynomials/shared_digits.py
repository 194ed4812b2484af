"""A number of which a lower and an upper bound are known."""

from __future__ import annotations

from butcher.analysis.entry import Entry
from butcher.coefficient import Number

FEWEST = 3


def shared_digits(low: float, high: float) -> float | None:
    """To the digits in which both round alike; None for less than three."""
    for digits in range(17, FEWEST - 1, -1):
        first = f"{low:.{digits}g}"
        if first == f"{high:.{digits}g}":
            return float(first)
    return None


def known(one: Entry) -> Number | float | None:
    """Exact, or to the digits that its rounding leaves; None for less than three."""
    if not one.radius:
        return one.value
    return shared_digits(float(one.value - one.radius), float(one.value + one.radius))
