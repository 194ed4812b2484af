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
    """One finding: a stable code, where it is, what was found, and what to type instead.

    drawing   lines for a terminal, such as a tree; of our own making, with no text of the file.
    """

    code: str
    severity: Severity
    message: str
    span: Span
    hint: str | None = None
    suspects: tuple[Suspect, ...] = ()
    drawing: str | None = None


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


_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's categories of what is not seen, or does something to a terminal."""


def escaped(text: str) -> str:
    """`text` with control, format and unpaired characters written as `\\x1b`, `\\u202e`."""
    return "".join(_escape(c) if unicodedata.category(c) in _UNSEEN else c for c in text)


def _escape(character: str) -> str:
    number = ord(character)
    if number < 1 << 8:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 1 << 16 else f"\\U{number:08x}"


def readable(text: str) -> str:
    """Escaped, and without its middle where a name in it is as long as a book."""
    if len(text) > _LONGEST_TEXT:
        text = f"{text[: _LONGEST_TEXT // 2]}...{text[-_LONGEST_TEXT // 2 :]}"
    return escaped(text)


_LONGEST_TEXT = 2000
_WIDEST_LINE = 200
_WIDEST_EXCERPT = 120
"""Characters; of a wider line this much is shown, around the place."""


def render(diagnostic: Diagnostic, source: Source) -> str:
    """As a person reads it: place, message, the line with a caret, the mend, a drawing."""
    span = diagnostic.span
    parts = [
        f"{escaped(source.name)}:{span.line}:{span.column}: "
        f"{diagnostic.severity}[{diagnostic.code}]: {readable(diagnostic.message)}"
    ]
    line = source.line(span.line)
    if line.strip():
        parts += _excerpt(line.replace("\t", " "), span)
    if diagnostic.hint:
        parts.append(readable(diagnostic.hint))
    if diagnostic.drawing:
        parts += [f"    {line}" for line in diagnostic.drawing.splitlines()]
    if diagnostic.severity is not Severity.NOTE:
        parts.append(f"More: butcher explain {diagnostic.code}")
    return "\n".join(parts)


def _excerpt(line: str, span: Span) -> tuple[str, str]:
    """The line that the span begins in, or the part around it, and carets under the span."""
    start, end = span.column - 1, len(line)
    if span.end_line == span.line:
        end = span.end_column - 1
    first, last = 0, len(line)
    if last > _WIDEST_LINE:
        first = max(0, start - _WIDEST_EXCERPT // 2)
        last = first + _WIDEST_EXCERPT
    before, marked = escaped(line[first:start]), escaped(line[start : min(end, last)])
    carets = " " * len(before) + "^" * max(1, len(marked))
    return f"    {escaped(line[first:last])}", f"    {carets}"


class SpecError(Exception):
    """A `.tab` file has errors. `diagnostics` holds everything found, `source` the text."""

    def __init__(self, diagnostics: Iterable[Diagnostic], source: Source) -> None:
        self.diagnostics = tuple(diagnostics)
        self.source = source
        super().__init__("\n".join(render(d, source) for d in self.diagnostics))

    def __reduce__(self) -> tuple[type[SpecError], tuple[tuple[Diagnostic, ...], Source]]:
        return SpecError, (self.diagnostics, self.source)
