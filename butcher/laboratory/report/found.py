"""The findings of an experiment, read back from its folder."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from butcher.laboratory.report.document import Heading, Paragraph, Part, Picture
from butcher.laboratory.statistic import Estimate
from butcher.laboratory.table import Cell, Table


@dataclass(frozen=True)
class Found:
    """What `Findings` were written as; `pictures` are those that lie beside them."""

    name: str
    title: str
    remarks: tuple[str, ...]
    tables: tuple[Table, ...]
    pictures: tuple[Picture, ...]

    def parts(self) -> Iterator[Part]:
        """A section."""
        yield Heading(self.title)
        yield from (Paragraph(remark) for remark in self.remarks)
        yield from self.tables
        yield from self.pictures


def found_in(folder: Path) -> list[Found]:
    """Of every experiment whose files are in `folder`, by name; other files are passed over."""
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            found.append(_read(json.loads(path.read_text(encoding="utf-8")), folder))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # no findings, but another program's file
    return found


def _read(value: Mapping[str, Any], folder: Path) -> Found:
    pictures = []
    for stem in value["figures"]:
        path = folder / f"{Path(stem).name}.svg"
        if path.is_file():
            pictures.append(
                Picture(path.stem, f"{value['title']}: {path.stem}.", path.read_bytes())
            )
    tables = tuple(_table(each) for each in value["tables"])
    remarks = tuple(map(str, value["remarks"]))
    return Found(str(value["name"]), str(value["title"]), remarks, tables, tuple(pictures))


def _table(value: Mapping[str, Any]) -> Table:
    heads = tuple(map(str, value["heads"]))
    rows = tuple(tuple(_cell(cell) for cell in row) for row in value["rows"])
    if any(len(row) != len(heads) for row in rows):
        raise ValueError("a row is as long as the heads")
    return Table(str(value["title"]), heads, rows, tuple(map(str, value["notes"])), value["name"])


def _cell(value: Any) -> Cell:
    if not isinstance(value, Mapping):
        return value  # type: ignore[no-any-return]
    mean, low, high = (
        math.nan if value[key] is None else float(value[key]) for key in ("mean", "low", "high")
    )
    return Estimate(mean, low, high, int(value["number"]))
