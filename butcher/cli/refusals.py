"""What commands refuse to do: errors of the layers below end them with their exit codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from butcher.cli.streams import Failure, input_error
from butcher.training.refusals import CODES, UNREADABLE, code_of, said


@contextmanager
def refusals(name: str, codes: Mapping[type[Exception], int] = CODES) -> Iterator[None]:
    """A Failure instead of what goes wrong inside, in the error's own words.

    1: a recipe or its scheme is wrong. 2: wrong usage, or these runs cannot be asked this. 3:
    files, data, packages; `name` is said of a file that the system does not name.
    """
    try:
        yield
    except tuple(codes) as wrong:
        raise Failure(code_of(wrong, codes), said(wrong)) from None
    except OSError as wrong:
        raise Failure(UNREADABLE, input_error(str(wrong.filename or name), wrong)) from None
