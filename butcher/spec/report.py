"""Collecting findings while a scheme is built, so that one run says all there is to say."""

from __future__ import annotations

import keyword
from collections.abc import Iterable
from difflib import get_close_matches

from butcher.errors import Diagnostic, error, warning
from butcher.frontend import tree
from butcher.source import Span


class Report:
    """The findings so far."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []

    def error(self, code: str, span: Span, message: str, hint: str | None = None) -> None:
        self.diagnostics.append(error(code, span, message, hint))

    def warning(self, code: str, span: Span, message: str, hint: str | None = None) -> None:
        self.diagnostics.append(warning(code, span, message, hint))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """`Did you mean ...?`, or None if nothing known is like it."""
    found = get_close_matches(name, sorted(known), n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(found)}?" if found else None


RESERVED = frozenset({"h", "t", "n", "sqrt", "in", "per"})


def check_name(name: tree.Name, report: Report) -> bool:
    """Whether a new name may be given: no word of Python's and none of the language's."""
    if keyword.iskeyword(name.id):
        other = "lam" if name.id == "lambda" else name.id + "_"
        report.error(
            "B201", name.span, f"`{name.id}` is a word of Python's", f"Write {other}, say."
        )
        return False
    if name.id in RESERVED:
        report.error(
            "B202",
            name.span,
            f"`{name.id}` is reserved",
            "h is the step, t the time, n the block; call yours something else.",
        )
        return False
    return True
