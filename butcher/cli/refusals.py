"""What experiments refuse to do: which error is which exit code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from butcher.cli.streams import Failure, input_error
from butcher.errors import SpecError, escaped
from butcher.laboratory.finished import AskError
from butcher.laboratory.groups import GroupError
from butcher.laboratory.statistic import ScipyMissingError
from butcher.laboratory.study import StudyError
from butcher.models.description import CannotRunError
from butcher.models.setting import SettingError
from butcher.models.source import RecipeError
from butcher.training.data import DataError
from butcher.training.folder import RunError

WRONG = (RecipeError, SpecError, CannotRunError)
USAGE = (SettingError, StudyError, AskError, GroupError)
UNREADABLE = (DataError, RunError, ScipyMissingError)


@contextmanager
def refusals(name: str) -> Iterator[None]:
    """A Failure instead of what goes wrong inside, in the error's own words.

    1: a recipe or its scheme is wrong. 2: wrong usage, or these runs cannot be asked this. 3:
    files, data, packages; `name` is said of a file that the system does not name.
    """
    try:
        yield
    except WRONG as wrong:
        raise Failure(1, said(wrong)) from None
    except USAGE as wrong:
        raise Failure(2, said(wrong)) from None
    except UNREADABLE as wrong:
        raise Failure(3, said(wrong)) from None
    except OSError as wrong:
        raise Failure(3, input_error(str(wrong.filename or name), wrong)) from None


def said(wrong: Exception) -> str:
    """Its lines, safe for a terminal."""
    return "\n".join(escaped(line) for line in str(wrong).splitlines())
