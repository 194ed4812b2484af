"""The rows of a table as lines: in columns where they fit, else filled and broken."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from butcher.frontend import tree
from butcher.frontend.printing import WIDTH, plain

_INDENT = "  "
_GAP = "  "
_NARROW = 3
_WIDEST_HEAD = 24


def rows_text(rows: Sequence[tree.Row]) -> list[list[str]]:
    """The lines of each row; the `|` stand under one another, but behind very long nodes."""
    heads = ["" if row.head is None else plain(row.head, spaced=False) for row in rows]
    cells = [[plain(cell, spaced=False) for cell in row.cells] for row in rows]
    width = max((len(head) for head in heads if len(head) <= _WIDEST_HEAD), default=0)
    starts = [
        f"{_INDENT}{_head(row, head, width)} | " for row, head in zip(rows, heads, strict=True)
    ]
    columns = [max(map(len, column)) for column in zip_longest(*cells, fillvalue="")]
    aligned = [
        start + _GAP.join(map(_placed, row, columns))
        for start, row in zip(starts, cells, strict=True)
    ]
    lines = [line.rstrip() for line in aligned]
    if max(map(len, lines), default=0) <= WIDTH:
        return [[line] for line in lines]
    widest = max(len(cell) for row in cells for cell in row)
    indent = width + len(_INDENT) + 3 if width + len(_INDENT) + 3 + widest <= WIDTH else 6
    return [_filled(start, row, indent) for start, row in zip(starts, cells, strict=True)]


def _head(row: tree.Row, text: str, width: int) -> str:
    """A node as in its column; `alpha` and `beta` to the left."""
    is_label = isinstance(row.head, tree.Name) and row.head.id in {"alpha", "beta"}
    return f"{text:<{width}}" if is_label else _placed(text, width)


def _placed(text: str, width: int) -> str:
    """Centred in a narrow column, as tables of small fractions are printed, else right."""
    return f"{text:^{width}}" if width <= _NARROW else f"{text:>{width}}"


def _filled(start: str, cells: Sequence[str], indent: int) -> list[str]:
    """The cells on as few lines as fit; lines that go on are indented, past the `|` if possible."""
    lines = [start.rstrip()]
    gap = " "
    for cell in cells:
        if len(lines[-1]) + len(gap) + len(cell) <= WIDTH:
            lines[-1] += gap + cell
        else:
            lines.append(" " * indent + cell)
        gap = _GAP
    return lines
