"""A table of results: for a terminal, for Markdown, as CSV with every digit, as LaTeX."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from butcher.laboratory.statistic import Estimate

Cell = str | int | float | Estimate | None


@dataclass(frozen=True)
class Table:
    """`heads` name the columns, with their units. A cell of None is one that cannot be.

    name   a word for file names; the first table of several findings may have none.
    notes  what a reader must know, each a sentence, below the table.
    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    name: str = ""

    def text(self) -> str:
        """For a terminal: title, columns side by side, notes."""
        lines = [list(self.heads), *([said(cell) for cell in row] for row in self.rows)]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.heads))]
        lines.insert(1, ["-" * width for width in widths])
        shown = ["  ".join(self._aligned(line, widths)).rstrip() for line in lines]
        notes = ["", *self.notes] if self.notes else []
        return "\n".join([self.title, "", *shown, *notes]) + "\n"

    def markdown(self, level: int = 2) -> str:
        """A section: heading of this level, table, notes."""
        heads = [_one_cell(head) for head in self.heads]
        rows = [[_one_cell(said(cell)) for cell in row] for row in self.rows]
        table = markdown(heads, rows).rstrip("\n")
        notes = ["", *map(plain, self.notes)] if self.notes else []
        return "\n".join([f"{'#' * level} {plain(self.title)}", "", table, *notes]) + "\n"

    def csv(self) -> str:
        """Every digit; an estimate is four columns: mean, ends of its interval, number of runs."""
        estimates = [any(isinstance(row[i], Estimate) for row in self.rows) for i in self._columns]
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            name
            for head, wide in zip(self.heads, estimates, strict=True)
            for name in ([head, f"{head} low", f"{head} high", f"{head} n"] if wide else [head])
        )
        for row in self.rows:
            cells = zip(row, estimates, strict=True)
            writer.writerow(value for cell, wide in cells for value in _numbers(cell, wide))
        return file.getvalue()

    def latex(self) -> str:
        """A `tabular` with the rules of booktabs; numbers in mathematics."""
        columns = "".join("l" if self.is_text(i) else "r" for i in self._columns)
        lines = [rf"% {escaped_latex(self.title)}", rf"\begin{{tabular}}{{{columns}}}", r"\toprule"]
        lines += [" & ".join(escaped_latex(head) for head in self.heads) + r" \\", r"\midrule"]
        lines += [" & ".join(_latex(cell) for cell in row) + r" \\" for row in self.rows]
        lines += [r"\bottomrule", r"\end{tabular}"]
        return "\n".join([*lines, *(f"% {escaped_latex(note)}" for note in self.notes)]) + "\n"

    @property
    def _columns(self) -> range:
        return range(len(self.heads))

    def is_text(self, column: int) -> bool:
        """Whether every cell of it is words, which begin where the column does."""
        return all(isinstance(row[column], str) for row in self.rows)

    def _aligned(self, line: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
        for i, (cell, width) in enumerate(zip(line, widths, strict=True)):
            yield cell.ljust(width) if self.is_text(i) else cell.rjust(width)


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose columns stand one below the other in plain text, too; cells are Markdown."""
    lines = [list(heads), *(list(row) for row in rows)]
    widths = [max(3, *(len(line[i]) for line in lines)) for i in range(len(heads))]
    rule = ["-" * width for width in widths]
    return "".join(
        "| " + " | ".join(f"{c:{w}}" for c, w in zip(line, widths, strict=True)) + " |\n"
        for line in [lines[0], rule, *lines[1:]]
    )


def said(cell: Cell) -> str:
    """A cell for a reader: four digits of a number, a dash for what cannot be."""
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:.4g}"
    if isinstance(cell, int):
        return f"{cell:,}"
    return str(cell)


def escaped_latex(text: str) -> str:
    """Text that LaTeX prints as it is."""
    special = {c: "\\" + c for c in "&%$#_{}"}
    special |= {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    special |= {"<": "$<$", ">": "$>$", "|": "$|$", "\n": " "}
    return "".join(special.get(c, c) for c in text)


def plain(text: str) -> str:
    """Text as Markdown has it, on one line: nothing in it is markup."""
    return re.sub(r"^\s*([#>+=-]|\d+(?=[.)]))", _escaped_start, _inline(text))


def _inline(text: str) -> str:
    special = r"[\\`*<]|(?<!\w)_|_(?!\w)|\](?=[(:\[])|&(?=#|\w+;)"
    return re.sub(special, r"\\\g<0>", text.replace("\n", " "))


def _escaped_start(found: re.Match[str]) -> str:
    """What would begin a heading, a quotation or a list."""
    return f"{found[1]}\\" if found[1].isdigit() else f"\\{found[1]}"


def _one_cell(text: str) -> str:
    return _inline(text).replace("|", "\\|")


def _latex(cell: Cell) -> str:
    if isinstance(cell, Estimate) and cell.number and cell.is_interval:
        mean, low, high = str(cell).replace("[", "").replace("]", "").replace(",", "").split()
        return f"${mean}$ $[{low}, {high}]$"
    if isinstance(cell, int | float) and math.isfinite(cell):
        text = said(cell).replace(",", "{,}")
        mantissa, e, exponent = text.partition("e")
        return f"${mantissa} \\cdot 10^{{{int(exponent)}}}$" if e else f"${text}$"
    return escaped_latex(said(cell))


def _numbers(cell: Cell, wide: bool) -> list[object]:
    if not wide:
        return ["" if cell is None else cell]
    if isinstance(cell, Estimate):
        ends = [cell.low, cell.high] if cell.is_interval else ["", ""]
        return [cell.mean if cell.number else "", *ends, cell.number]
    return ["" if cell is None else cell, "", "", ""]
