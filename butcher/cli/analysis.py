"""`butcher analyze`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from butcher.cli.streams import UNREADABLE, Failure, say, verdicts, write_json, write_out
from butcher.compiler import Verdict
from butcher.compiler.plotting import plotted
from butcher.compiler.report import report
from butcher.emit.render import UnknownFormatError
from butcher.errors import escaped
from butcher.figure import FigureError, MatplotlibMissingError, suffix_of


def analyze(
    specs: Sequence[str],
    *,
    as_json: bool,
    plot: Path | None,
    kinds: Sequence[str],
    order: int | None,
) -> None:
    """With --json one object for one file, an array for several; a picture of all of them."""
    suffix = "" if plot is None else _suffix(plot)
    codes, found, reports = [], [], []
    for verdict, code in verdicts(specs):
        codes.append(code)
        found.append(verdict)
        reports.append(report(verdict, order))
        if code < UNREADABLE:
            say(verdict.diagnostics, verdict.source)
    if as_json:
        objects = [each.as_json() for each in reports]
        write_json(objects if len(specs) > 1 else objects[0])
    else:
        write_out(None, "\n".join(filter(None, map(str, reports))).encode())
    if plot is not None and max(codes) < UNREADABLE:
        write_out(plot, _picture(found, suffix, kinds))
    if any(codes):
        raise Failure(max(codes))


def _suffix(plot: Path) -> str:
    try:
        return suffix_of(plot)
    except UnknownFormatError as problem:
        raise Failure(2, f"butcher: {problem}") from None


def _picture(found: Sequence[Verdict], suffix: str, kinds: Sequence[str]) -> bytes:
    try:
        return plotted(found, suffix, kinds)
    except FigureError as problem:
        raise Failure(1, f"butcher: {escaped(str(problem))}") from None
    except MatplotlibMissingError as problem:
        raise Failure(3, f"butcher: {problem}") from None
