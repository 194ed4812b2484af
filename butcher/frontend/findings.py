"""The errors of one reading, and when to stop it."""

from __future__ import annotations

from butcher.errors import Diagnostic, error
from butcher.frontend.limits import MOST_FINDINGS
from butcher.source import Span


class ReadingStopped(Exception):
    """A limit was reached: nothing more of the text is read."""


class Findings:
    """Collects errors. After too many of them the reading stops."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []

    def __len__(self) -> int:
        return len(self.found)

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep an error. Raises ReadingStopped if it is one too many."""
        self.found.append(diagnostic)
        if len(self.found) > MOST_FINDINGS:
            message = f"more than {MOST_FINDINGS} errors: the rest was not read"
            hint = "Mend the first ones. Is this a `.tab` file at all?"
            self.found.append(error("B009", diagnostic.span, message, hint))
            raise ReadingStopped

    def report(self, code: str, span: Span, message: str, hint: str | None = None) -> None:
        """Keep an error. Raises ReadingStopped if it is one too many."""
        self.add(error(code, span, message, hint))

    def stop(self, code: str, span: Span, message: str, hint: str | None = None) -> None:
        """Keep an error that ends the reading. Raises ReadingStopped."""
        self.report(code, span, message, hint)
        raise ReadingStopped

    def ordered(self) -> list[Diagnostic]:
        """All of them, in the order of the text."""
        return sorted(self.found, key=lambda found: (found.span, found.code))
