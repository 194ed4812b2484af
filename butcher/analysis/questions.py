"""Questions that are asked one by one, so that one without an answer leaves the others theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from butcher.analysis.entry import NotHomogeneousError
from butcher.analysis.limits import LONGEST_WORK, TooLargeError, UndefinedError, bounded
from butcher.coefficient import ExpressionTooLargeError

T = TypeVar("T")


@dataclass
class Questions:
    """unknown   of each question that was not answered: why.

    units   of arithmetic that one answer may take, see `limits.bounded`.
    """

    units: int = LONGEST_WORK
    unknown: dict[str, str] = field(default_factory=dict)

    def __call__(self, name: str, answer: Callable[[], T]) -> T | None:
        """The answer, or None where it has no meaning or would take too long."""
        try:
            with bounded(name, self.units):
                return answer()
        except (UndefinedError, NotHomogeneousError, ZeroDivisionError) as error:
            self.unknown[name] = str(error)
        except (TooLargeError, ExpressionTooLargeError):
            self.unknown[name] = "it would take too long to compute"
        return None
