"""A document as Markdown, with its pictures as files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from butcher.laboratory.report.document import Document, Heading, Listing, Paragraph, Part, Picture
from butcher.laboratory.table import plain


def markdown(document: Document, folder: str) -> str:
    """The file's text; its pictures are in `folder`, a path relative to it."""
    parts = [f"# {plain(document.title)}", *(_part(part, folder) for part in document.parts)]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def pictures(document: Document) -> Iterator[tuple[str, bytes]]:
    """(file name, content) of each picture."""
    for part in document.parts:
        if isinstance(part, Picture):
            yield f"{part.name}.svg", part.svg


def _part(part: Part, folder: str) -> str:
    match part:
        case Heading(text, level):
            return f"{'#' * level} {plain(text)}"
        case Paragraph(text):
            return plain(text)
        case Listing(summary, text):
            fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
            return f"{plain(summary)}:\n\n{fence}text\n{text.rstrip()}\n{fence}"
        case Picture(name, caption, _):
            return f"![{plain(caption)}]({folder}/{name}.svg)\n\n*{plain(caption)}*"
        case _:
            return part.markdown(level=3)
