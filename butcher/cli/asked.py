"""`butcher lesion`, `norms`, `landscape` and `coefficients`: what finished runs are asked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from butcher.cli.refusals import refusals
from butcher.cli.streams import Failure, write_out
from butcher.errors import escaped
from butcher.laboratory.coefficients.experiment import coefficients as learned
from butcher.laboratory.findings import Findings, said, write
from butcher.laboratory.finished import Part, finished
from butcher.laboratory.landscape import landscape as surfaces
from butcher.laboratory.landscape.result import Plane
from butcher.laboratory.landscape.subject import subjects
from butcher.laboratory.lesion import lesion as lesioned
from butcher.laboratory.lesion.draw import What
from butcher.laboratory.norms import norms as measured
from butcher.laboratory.refusals import CODES


def lesion(runs: Sequence[Path], what: What, part: Part, draws: int, output: Path | None) -> None:
    """`butcher lesion`."""
    _asked(
        lambda: lesioned(finished(runs), what, part=part, draws=draws, progress=_progress), output
    )


def norms(runs: Sequence[Path], part: Part, output: Path | None) -> None:
    """`butcher norms`."""
    _asked(lambda: measured(finished(runs), part=part, progress=_progress), output)


def landscape(
    paths: Sequence[Path],
    plane: Plane,
    *,
    images: int,
    seeds: int,
    untrained: bool,
    output: Path | None,
) -> None:
    """`butcher landscape`."""
    if plane.points % 2 == 0:
        raise Failure(2, f"butcher: --points {plane.points} has no centre; write an odd number")
    _asked(
        lambda: surfaces(
            subjects(paths, seeds),
            plane,
            images=images,
            only_untrained=untrained,
            progress=_progress,
        ),
        output,
    )


def coefficients(runs: Sequence[Path], output: Path | None) -> None:
    """`butcher coefficients`."""
    _asked(lambda: learned(finished(runs)), output)


def _asked(experiment: Callable[[], Findings], output: Path | None) -> None:
    """Tables to standard output; with a folder they and the figures go there, too."""
    with refusals(str(output), CODES):
        found = experiment()
        if output is not None:
            write(found, output)
    _progress("")
    write_out(None, said(found).encode())
    if output is not None:
        print(f"written to {escaped(str(output))}", file=sys.stderr)


def _progress(line: str) -> None:
    """On one line of a terminal, each in the place of the one before; elsewhere nothing."""
    if sys.stderr is not None and sys.stderr.isatty():
        print(f"\r\033[K{escaped(line)}", end="", file=sys.stderr, flush=True)
