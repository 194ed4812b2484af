"""`butcher report`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from butcher import atomic
from butcher.cli.refusals import refusals
from butcher.cli.streams import Failure
from butcher.errors import escaped
from butcher.laboratory.refusals import CODES
from butcher.laboratory.report.contents import contents
from butcher.laboratory.report.document import Document
from butcher.laboratory.report.found import Found, found_in
from butcher.laboratory.report.html import html
from butcher.laboratory.report.markdown import markdown, pictures
from butcher.training.stored import StoredRun, stored


def report(folders: Sequence[Path], output: Path) -> None:
    """Write the page, its Markdown and the folder of its pictures.

    A folder is that of a run, or one that an experiment wrote to, with or without runs in it.
    """
    if output.suffix.lower() not in (".html", ".htm"):
        raise Failure(2, f"butcher: {escaped(str(output))}: a report ends in .html")
    with refusals(str(output), CODES):
        document = contents(*_gathered(folders))
        _write(document, output)


def _gathered(folders: Sequence[Path]) -> tuple[list[StoredRun], list[Found]]:
    found = {folder: found_in(folder) for folder in folders}
    runs = [stored(run) for folder in folders for run in _runs(folder, found[folder])]
    if not runs:
        raise Failure(2, f"butcher: {escaped(str(folders[0]))}: holds no runs; name theirs, too")
    return runs, [each for folder in folders for each in found[folder]]


def _runs(folder: Path, found: Sequence[Found]) -> Sequence[Path]:
    """Those in its `runs/`; of a folder without, itself, unless it holds findings alone."""
    inside = sorted(path.parent for path in folder.glob("runs/*/recipe.toml"))
    is_run = (folder / "recipe.toml").is_file()
    return inside or ([folder] if is_run or not found else [])


def _write(document: Document, output: Path) -> None:
    folder = output.with_suffix("")
    atomic.replace_bytes(output, html(document).encode())
    atomic.replace_bytes(output.with_suffix(".md"), markdown(document, folder.name).encode())
    folder.mkdir(exist_ok=True)
    for name, data in pictures(document):
        atomic.replace_bytes(folder / name, data)
