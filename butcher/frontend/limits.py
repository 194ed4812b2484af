"""What a text may be at all: its size, its encoding, its characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from butcher.errors import Diagnostic, error
from butcher.source import Source, Span

LARGEST_FILE = 1 << 20
LARGEST_COUNT = 50_000
LARGEST_DIGITS = 1000
MOST_FINDINGS = 100
MOST_STAGES = 64
MOST_LAGS = 32
DEEPEST_NESTING = 100
HIGHEST_TREE = 250
LARGEST_EXPONENT = 1000

# Control characters but TAB, LF and the CR of CR LF; what turns the direction of text; the
# line ends that only some programs see; halves of surrogate pairs.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
    "|\r(?!\n)"
)


def decode(data: bytes, name: str) -> tuple[Source | None, list[Diagnostic]]:
    """The text in `data`, without a byte-order mark, or why there is none."""
    if len(data) > LARGEST_FILE:
        return None, [too_large()]
    try:
        return Source(name, data.decode("utf-8").removeprefix("\ufeff")), []
    except UnicodeDecodeError as wrong:
        before = data[: wrong.start].decode("utf-8").removeprefix("\ufeff")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        byte = data[wrong.start]
        return None, [
            error(
                "B002",
                Span(line, column, line, column + 1),
                f"the byte 0x{byte:02x} is not UTF-8",
                "Save the file in UTF-8.",
            )
        ]


def too_large() -> Diagnostic:
    """The error of a file over the limit."""
    return error(
        "B001",
        Span(1, 1, 1, 2),
        "the file is larger than 1 MiB (1,048,576 bytes), the limit",
        "A method has a few hundred lines at most: is this the right file?",
    )


def is_too_large(text: str) -> bool:
    """Whether the text has more bytes in UTF-8 than a file may have."""
    return len(text) > LARGEST_FILE or (
        4 * len(text) > LARGEST_FILE and len(text.encode("utf-8", "replace")) > LARGEST_FILE
    )


def forbidden_characters(source: Source) -> Iterator[Diagnostic]:
    """The first control or bidirectional character of each line, also in strings and comments."""
    if _FORBIDDEN.search(source.text) is None:
        return
    for number, line in enumerate(source.text.split("\n"), 1):
        if found := _FORBIDDEN.search(line.removesuffix("\r")):
            column = found.start() + 1
            yield error(
                "B003",
                Span(number, column, number, column + 1),
                f"{_named(found.group())} is not allowed in a file, also not in a comment",
                "Lines end with LF or CR LF." if found.group() == "\r" else "Delete it.",
            )


def without_forbidden(source: Source) -> Source:
    """The same text with a blank for each forbidden character, so that nothing more is said."""
    return Source(source.name, _FORBIDDEN.sub(" ", source.text))


def _named(character: str) -> str:
    kinds = {"Cc": "the control character", "Cs": "the half character"}
    kind = kinds.get(unicodedata.category(character), "the invisible character")
    return f"{kind} U+{ord(character):04X}"
