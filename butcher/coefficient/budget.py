"""A bound on exact arithmetic: a file from a stranger must not keep the compiler busy."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class BudgetExceededError(ArithmeticError):
    """The arithmetic asked for takes longer than was allowed."""


class _Meter(threading.local):
    left: float = float("inf")


_meter = _Meter()


def spend(terms: int, bits: int) -> None:
    """Pays for one number of so many terms and so many bits, 1 unit for a short one.

    Long numbers cost what reducing a fraction of them does: the square of their length.
    """
    _meter.left -= terms * (1 + (bits * bits >> 19))
    if _meter.left < 0:
        raise BudgetExceededError


@contextmanager
def budget(units: int) -> Iterator[None]:
    """Arithmetic inside that costs more than `units`, about 3 microseconds each, raises
    BudgetExceededError. What is spent inside another budget is spent of that as well, and there
    may be less left of it."""
    before = _meter.left
    granted = min(units, before)
    _meter.left = granted
    try:
        yield
    finally:
        _meter.left += before - granted
