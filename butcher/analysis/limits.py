"""What an analysis gives up on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from butcher.coefficient import BudgetExceededError, budget


class UndefinedError(Exception):
    """What is asked for has no meaning for this graph; the text says why."""


class TooLargeError(Exception):
    """The exact answer would take longer than a compiler may."""


LONGEST_WORK = 400_000
"""Operations on short numbers: about a second."""


@contextmanager
def bounded(what: str, units: int = LONGEST_WORK) -> Iterator[None]:
    """Raise TooLargeError where the arithmetic inside takes longer than about a second."""
    try:
        with budget(units):
            yield
    except BudgetExceededError as error:
        raise TooLargeError(f"{what}: the exact numbers grow too long") from error
