"""`butcher compare` and `butcher sweep`: a recipe in variants, each trained from several seeds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from butcher.cli.refusals import refusals
from butcher.cli.streams import Failure, write_out
from butcher.errors import escaped
from butcher.laboratory.compare.experiment import compare as compared
from butcher.laboratory.findings import Findings, said, write
from butcher.laboratory.multilevel.experiment import multilevel as leveled
from butcher.laboratory.refusals import CODES
from butcher.laboratory.study import Request, variants_of
from butcher.laboratory.sweep.experiment import sweep as swept
from butcher.laboratory.sweep.rates import rates_of

Experiment = Callable[[Request, Callable[[str], None]], tuple[Findings, int]]


def request(
    command: str,
    recipe: str,
    variants: Sequence[str],
    seeds: int,
    seed: Sequence[int] | None,
    settings: Sequence[str] | None,
    jobs: int | None,
    output: Path | None,
) -> Request:
    """What the command line says; `seed` wins over `seeds`, which counts from 0. Exit 2."""
    with refusals(recipe, CODES):
        return Request(
            Path(recipe),
            variants_of(variants),
            tuple(dict.fromkeys(seed or ())) or tuple(range(seeds)),
            output or Path("runs") / f"{command}_{Path(recipe).stem}",
            tuple(settings or ()),
            jobs,
        )


def compare(asked: Request, depths: Sequence[int], accuracy: float) -> None:
    """`butcher compare`."""
    _conducted(asked, lambda asked, say: compared(asked, depths, accuracy, say))


def sweep(
    asked: Request, rates: Sequence[float], low: float, high: float, points: int, bar: float | None
) -> None:
    """`butcher sweep`."""
    _conducted(asked, lambda asked, say: swept(asked, rates_of(rates, low, high, points), bar, say))


def multilevel(asked: Request, cycles: int | None, epochs: str | None, *, fresh: bool) -> None:
    """`butcher multilevel`; `epochs` are numbers with commas between them."""
    try:
        lengths = [int(part) for part in epochs.split(",")] if epochs else []
    except ValueError:
        lengths = [0]
    if any(length < 1 for length in lengths):
        raise Failure(2, f"butcher: --epochs {epochs}: write numbers, such as --epochs 60,50,50")
    _conducted(asked, lambda asked, say: leveled(asked, cycles, lengths, say=say, fresh=fresh))


def _conducted(asked: Request, experiment: Experiment) -> None:
    """Tables to standard output and, with figures, into the folder; runs to standard error.

    Exit 1 too where a run has failed, 130 where it was interrupted.
    """
    try:
        with refusals(str(asked.recipe), CODES):
            found, failed = experiment(asked, _say)
            write(found, asked.folder)
    except KeyboardInterrupt:
        raise Failure(130, "interrupted; the same command goes on where this one ended") from None
    write_out(None, said(found).encode())
    _say(f"written to {asked.folder}")
    if failed:
        raise Failure(1, f"{failed} runs failed; the same command tries them again")


def _say(line: str) -> None:
    print(escaped(line), file=sys.stderr, flush=True)
