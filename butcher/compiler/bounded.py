"""Bounded work: what a file makes of exact arithmetic is refused, not waited for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from butcher.coefficient import BudgetExceededError, ExpressionTooLargeError, budget
from butcher.errors import SpecError
from butcher.spec import Scheme
from butcher.spec.expression import MOST_ARITHMETIC, too_much


@contextmanager
def bounded(scheme: Scheme, share: int) -> Iterator[None]:
    """Work on a scheme, within `share` halves of what reading its file may cost.

    Raises SpecError with everything found where it would take longer.
    """
    try:
        with budget(share * MOST_ARITHMETIC // 2):
            yield
    except (BudgetExceededError, ExpressionTooLargeError) as problem:
        found = too_much(problem, scheme.place.span)
        raise SpecError([*scheme.findings, found], scheme.source) from None
