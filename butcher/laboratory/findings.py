"""What an experiment found, and the files that tell of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from butcher import atomic
from butcher.figure.file import SUFFIXES, MatplotlibMissingError
from butcher.laboratory.plot import Drawing
from butcher.laboratory.table import Table
from butcher.training.folder import finite


@dataclass(frozen=True)
class Findings:
    """Tables and figures of one experiment.

    name     a word, of the command: files are called after it.
    raw      all numbers, as JSON holds them: what tables and figures are made of.
    remarks  what the tables say, and what they cannot say, each a sentence.
    """

    name: str
    title: str
    tables: tuple[Table, ...]
    figures: tuple[Drawing, ...]
    raw: Mapping[str, Any]
    remarks: tuple[str, ...] = ()


def said(findings: Findings) -> str:
    """For a terminal."""
    parts = [findings.title, *(table.text().rstrip("\n") for table in findings.tables)]
    parts += ["\n".join(findings.remarks)] if findings.remarks else []
    return "\n\n".join(parts) + "\n"


def page(findings: Findings) -> str:
    """As Markdown, with the figures beside it."""
    parts = [f"# {findings.title}", *findings.remarks]
    parts += [table.markdown().rstrip("\n") for table in findings.tables]
    parts += [f"![{_stem(findings, f)}]({_stem(findings, f)}.svg)" for f in findings.figures]
    return "\n\n".join(parts) + "\n"


def write(findings: Findings, folder: Path) -> list[Path]:
    """NAME.md, NAME.json, a CSV and a LaTeX file a table, a picture in three formats a figure.

    Each is whole or not there; where matplotlib is missing there are no pictures.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, data in _files(findings):
        path = folder / name
        atomic.replace_bytes(path, data)
        written.append(path)
    return written


def _files(findings: Findings) -> Iterator[tuple[str, bytes]]:
    yield f"{findings.name}.md", page(findings).encode()
    yield f"{findings.name}.json", as_json(findings).encode()
    for table in findings.tables:
        yield f"{_stem(findings, table)}.csv", table.csv().encode()
        yield f"{_stem(findings, table)}.tex", table.latex().encode()
    for figure in findings.figures:
        for suffix in SUFFIXES:
            try:
                yield f"{_stem(findings, figure)}{suffix}", figure.content(suffix)
            except MatplotlibMissingError:
                return


def as_json(findings: Findings) -> str:
    """Words, tables with every digit, names of the figures' files, and the raw numbers."""
    value = {
        "name": findings.name,
        "title": findings.title,
        "remarks": findings.remarks,
        "tables": [asdict(table) for table in findings.tables],
        "figures": [_stem(findings, figure) for figure in findings.figures],
        "raw": findings.raw,
    }
    return json.dumps(finite(value), indent=1, ensure_ascii=False) + "\n"


def _stem(findings: Findings, part: Table | Drawing) -> str:
    return f"{findings.name}-{part.name}" if part.name else findings.name
