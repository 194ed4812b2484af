"""Collecting findings while a scheme is built, so that one run says all there is to say."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NoReturn

from butcher.errors import Diagnostic, Severity, error, warning
from butcher.frontend.limits import MOST_FINDINGS
from butcher.source import Span

LONGEST_SUGGESTION = 50


class BuildStopped(Exception):
    """A limit was reached, and said: nothing more of the file is looked at."""


class Report:
    """The findings so far.

    partial  the parser could not read the whole file: what is missing may be in the part that
             is not here, so nothing is said about what is missing.
    """

    def __init__(self, *, partial: bool) -> None:
        self.partial = partial
        self.diagnostics: list[Diagnostic] = []

    def error(self, code: str, span: Span, message: str, hint: str | None = None) -> None:
        self.diagnostics.append(error(code, span, message, hint))
        if sum(d.severity is Severity.ERROR for d in self.diagnostics) > MOST_FINDINGS:
            message = f"more than {MOST_FINDINGS} errors: the rest was not looked at"
            self.diagnostics.append(error("B009", span, message, "Mend the first ones."))
            raise BuildStopped

    def stop(self, code: str, span: Span, message: str, hint: str | None = None) -> NoReturn:
        """An error after which nothing more is looked at."""
        self.error(code, span, message, hint)
        raise BuildStopped

    def warning(self, code: str, span: Span, message: str, hint: str | None = None) -> None:
        self.diagnostics.append(warning(code, span, message, hint))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """`Did you mean ...?`, or None if nothing known is like it."""
    short = sorted(k for k in known if len(k) <= LONGEST_SUGGESTION)
    if len(name) > LONGEST_SUGGESTION:
        return None
    found = get_close_matches(name, short, n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(found)}?" if found else None
