"""Diagnostics: what is said about a `.tab` file, with its code, its place and its mend.

Every code has a section in `docs/errors.md`; `butcher explain CODE` prints it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from butcher.source import Source, Span


class Severity(StrEnum):
    """Errors stop a compilation, warnings do not, notes report."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Suspect:
    """A cell that may be at fault: its place, what it says, and what would mend the finding."""

    span: Span
    value: str
    repair: str


@dataclass(frozen=True)
class Diagnostic:
    """One finding: a stable code, where it is, what was found, and what to type instead."""

    code: str
    severity: Severity
    message: str
    span: Span
    hint: str | None = None
    suspects: tuple[Suspect, ...] = ()


def error(code: str, span: Span, message: str, hint: str | None = None) -> Diagnostic:
    """A finding that stops a compilation."""
    return Diagnostic(code, Severity.ERROR, message, span, hint)


def warning(code: str, span: Span, message: str, hint: str | None = None) -> Diagnostic:
    """A finding that a compilation survives."""
    return Diagnostic(code, Severity.WARNING, message, span, hint)


def note(code: str, span: Span, message: str, hint: str | None = None) -> Diagnostic:
    """A finding that only reports."""
    return Diagnostic(code, Severity.NOTE, message, span, hint)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any of them stops a compilation."""
    return any(d.severity is Severity.ERROR for d in diagnostics)


def escaped(text: str) -> str:
    """`text` with control, format and unpaired characters written as `\\x1b`, `\\u202e`."""
    return "".join(
        c
        if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        else (f"\\x{ord(c):02x}" if ord(c) < 256 else f"\\u{ord(c):04x}")
        for c in text
    )


_WIDEST_EXCERPT = 120


def render(diagnostic: Diagnostic, source: Source) -> str:
    """The finding as a person reads it: place, message, the line with a caret, the mend."""
    span = diagnostic.span
    head = (
        f"{escaped(source.name)}:{span.line}:{span.column}: "
        f"{diagnostic.severity}[{diagnostic.code}]: {escaped(diagnostic.message)}"
    )
    parts = [head]
    line = source.line(span.line)
    end = span.end_column if span.end_line == span.line else len(line) + 1
    if line.strip():
        first = max(0, span.column - 1 - _WIDEST_EXCERPT // 2) if len(line) > 200 else 0
        shown = line[first : first + _WIDEST_EXCERPT] if len(line) > 200 else line
        before = escaped(line[first : span.column - 1].replace("\t", " "))
        marked = escaped(line[span.column - 1 : min(end - 1, first + len(shown))])
        parts.append("    " + escaped(shown.replace("\t", " ")))
        parts.append("    " + " " * len(before) + "^" * max(1, len(marked)))
    if diagnostic.hint:
        parts.append(escaped(diagnostic.hint))
    if diagnostic.severity is not Severity.NOTE:
        parts.append(f"More: butcher explain {diagnostic.code}")
    return "\n".join(parts)


class SpecError(Exception):
    """A `.tab` file has errors. `diagnostics` holds everything found, `source` the text."""

    def __init__(self, diagnostics: Iterable[Diagnostic], source: Source) -> None:
        self.diagnostics = tuple(diagnostics)
        self.source = source
        super().__init__("\n".join(render(d, source) for d in self.diagnostics))

    def __reduce__(self) -> tuple[type[SpecError], tuple[tuple[Diagnostic, ...], Source]]:
        return SpecError, (self.diagnostics, self.source)
