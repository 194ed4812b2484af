"""A report as a table for a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap
from typing import TYPE_CHECKING

from butcher.compiler.report.rows import blocks
from butcher.errors import readable

if TYPE_CHECKING:
    from butcher.compiler.report.gather import Report

WIDTH = 100


def table(report: Report) -> str:
    """Title, source and blocks of facts, each line with its break; of no method nothing."""
    lines: list[str] = []
    for title, rows in blocks(report) if report.verdict.graph is not None else ():
        shown = [(label, value) for label, value in rows if value]
        if shown:
            lines += [*([""] if lines else []), readable(title), *aligned(shown)]
    return "".join(f"{line}\n" for line in lines)


def aligned(rows: Iterable[tuple[str, str]]) -> list[str]:
    """`label  value`, the values under each other; a long one goes on in the next line."""
    rows = list(rows)
    margin = 4 + max(len(label) for label, _ in rows)
    lines: list[str] = []
    for label, value in rows:
        parts = [
            line
            for text in value.split("\n")
            for line in wrap(readable(text), WIDTH - margin, break_on_hyphens=False) or [""]
        ]
        lines.append(f"  {label}".ljust(margin) + parts[0])
        lines += [" " * margin + part for part in parts[1:]]
    return lines
