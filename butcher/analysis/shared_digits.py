"""A number of which a lower and an upper bound are known."""

from __future__ import annotations

FEWEST = 3


def shared_digits(low: float, high: float) -> float | None:
    """To the digits in which both round alike; None for less than three."""
    for digits in range(17, FEWEST - 1, -1):
        first = f"{low:.{digits}g}"
        if first == f"{high:.{digits}g}":
            return float(first)
    return None
