"""Lines of Python with indentation, and text from a file made harmless."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from butcher.emit.torch_module.expressions import shortened
from butcher.errors import escaped

WIDTH = 88
"""The narrowest line length in common use: what fits here is formatted for wider ones too,
because every bracket that is broken holds a comment or ends with a comma."""

SHORTEST_COMMENT = 12
"""A comment that would be cut to less is left out."""


class Writer:
    """Collects lines; `indented()` is a block of four more blanks."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._level = 0

    def line(self, text: str = "") -> None:
        self._lines.append("    " * self._level + text if text else "")

    def lines(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.line(text)

    def block(self, text: str) -> None:
        """Several lines at once, such as a function that is always the same."""
        self.lines(textwrap.dedent(text).strip("\n").split("\n"))

    @contextmanager
    def indented(self) -> Iterator[None]:
        self._level += 1
        yield
        self._level -= 1

    @property
    def room(self) -> int:
        """How many characters fit on a line here."""
        return WIDTH - 4 * self._level

    def docstring(self, text: str) -> None:
        """A docstring of one sentence, on one line if it fits."""
        if len(text) <= self.room - 6:
            self.line(f'"""{text}"""')
        else:
            self.docstring_lines(filled(text, self.room - 6))

    def docstring_lines(self, lines: Sequence[str]) -> None:
        """A docstring of lines that are harmless already."""
        self.line(f'"""{lines[0]}')
        self.lines(lines[1:])
        self.line('"""')

    def commented(self, line: str, comment: str | None) -> None:
        """A line and, behind it, as much of a comment as there is room for."""
        self.line(line + self._beside(line, comment))

    def call(self, head: str, arguments: Sequence[str], comment: str | None) -> None:
        """`head first, last)  # comment`, with an argument a line where that is too long."""
        flat = f"{head}{', '.join(arguments)})"
        beside = self._beside(flat, comment)
        if len(flat) <= self.room and bool(beside) == bool(comment):
            self.line(flat + beside)
            return
        self.line(head)
        with self.indented():
            for argument in arguments[:-1]:
                self.line(f"{argument},")
            self.commented(f"{arguments[-1]},", comment)
        self.line(")")

    def _beside(self, line: str, comment: str | None) -> str:
        room = self.room - len(line) - 4
        if not comment or (room < len(comment) and room < SHORTEST_COMMENT):
            return ""
        return f"  # {shortened(comment, room)}"

    def statement(self, head: str, items: Sequence[str]) -> None:
        """`head item, item` as often as it takes."""
        first = head + items[0]
        for item in items[1:]:
            if len(first) + len(item) + 2 > self.room:
                self.line(first)
                first = head + item
            else:
                first += f", {item}"
        self.line(first)

    def bracketed(self, head: str, items: Iterable[str], tail: str) -> None:
        """`head item, item tail` on one line if it fits, else one item a line."""
        items = list(items)
        flat = head + ", ".join(items) + tail
        if len(flat) <= self.room:
            self.line(flat)
            return
        self.line(head)
        with self.indented():
            self.lines(f"{item}," for item in items)
        self.line(tail)

    def text(self) -> str:
        return "\n".join(self._lines) + "\n"


def filled(text: str, width: int = WIDTH, indent: str = "", label: str = "") -> list[str]:
    """Any text as lines of a docstring; `label` stands before the first.

    Blanks are made single, control and bidirectional characters visible. Nothing in a line is an
    escape, ends the string, or joins its quotes.
    """
    visible = escaped(" ".join(text.split()))
    if any(unicodedata.east_asian_width(c) in "WF" or c in '\\"' for c in visible):
        width //= 2  # such characters are two columns wide, or will be
    lines = textwrap.wrap(
        visible, width, initial_indent=label, subsequent_indent=indent, break_on_hyphens=False
    )
    return [_harmless(line) for line in lines or [label.rstrip()]]


def _harmless(line: str) -> str:
    line = line.replace("\\", "\\\\")
    if '"""' in line or line.startswith('"') or line.endswith('"'):
        line = line.replace('"', '\\"')
    return line
