"""Which error ends a command with which exit code: the one table; experiments add their own."""

from __future__ import annotations

from collections.abc import Mapping

from butcher.errors import SpecError, escaped
from butcher.models.description import CannotRunError
from butcher.models.setting import SettingError
from butcher.models.source import RecipeError
from butcher.training.data import DataError
from butcher.training.folder import RunError
from butcher.training.resume import OtherRecipeError

DONE, WRONG, USAGE, UNREADABLE = 0, 1, 2, 3
"""Also: a recipe or its scheme is wrong; wrong usage; files, data or packages."""

CODES: Mapping[type[Exception], int] = {
    RecipeError: WRONG,
    SpecError: WRONG,
    CannotRunError: WRONG,
    SettingError: USAGE,
    OtherRecipeError: USAGE,  # a RunError, too: the first that fits counts
    DataError: UNREADABLE,
    RunError: UNREADABLE,
}


def code_of(wrong: Exception, codes: Mapping[type[Exception], int] = CODES) -> int:
    """The exit code of an error that is in the table."""
    return next(code for kind, code in codes.items() if isinstance(wrong, kind))


def said(wrong: Exception | str) -> str:
    """Its lines, safe for a terminal."""
    return "\n".join(escaped(line) for line in str(wrong).splitlines())
