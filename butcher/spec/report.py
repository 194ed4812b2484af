"""Collecting findings while a scheme is built, so that one run says all there is to say."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from butcher.errors import Diagnostic, error, warning
from butcher.source import Span


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

    def warning(self, code: str, span: Span, message: str, hint: str | None = None) -> None:
        self.diagnostics.append(warning(code, span, message, hint))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """`Did you mean ...?`, or None if nothing known is like it."""
    found = get_close_matches(name, sorted(known), n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(found)}?" if found else None
