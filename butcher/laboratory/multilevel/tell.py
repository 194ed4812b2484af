"""What a multi-level experiment says: tables, sentences, raw numbers."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from fractions import Fraction
from itertools import accumulate
from typing import Any

from butcher.laboratory.findings import Findings
from butcher.laboratory.multilevel.figure import Curve, figure
from butcher.laboratory.multilevel.levels import Ladder
from butcher.laboratory.multilevel.theory import saved, saved_in_equal_cycles
from butcher.laboratory.multilevel.train import Pair, Track
from butcher.laboratory.statistic import Estimate, mean_of, paired
from butcher.laboratory.table import Cell, Table
from butcher.training.result import EpochResult

CHANG = "Chang et al. (2018), arXiv:1710.10348"


def findings(ladder: Ladder, pairs: Sequence[Pair], asked: dict[str, Any]) -> Findings:
    """Of all of it; `asked` is what the command line said. Pairs with trouble are left out of the
    tables, and said."""
    whole = [pair for pair in pairs if pair.is_whole]
    tables = [saving(ladder, whole), accuracies(whole), levels(ladder)]
    flops = by_flops(ladder)
    return Findings(
        name="multilevel",
        title=f"{ladder.recipe.name}: multi-level training of {len(ladder.levels)} cycles",
        tables=tuple(tables if whole else tables[::2]),
        figures=(figure(*curves(whole)),) if whole else (),
        raw={
            **asked,
            "levels": [asdict(level) for level in ladder.levels],
            "saved": {
                "blocks": str(by_blocks(ladder)),
                "operations": None if flops is None else float(flops),
            },
            "pairs": [_raw(pair) for pair in pairs],
        },
        remarks=(*conclusions(ladder, whole), *limits(ladder, pairs)),
    )


# --------------------------------------------------------------------------- what is saved


def by_blocks(ladder: Ladder) -> Fraction:
    """Counted in evaluations of blocks."""
    epochs = [level.epochs for level in ladder.levels]
    return saved([sum(level.blocks) for level in ladder.levels], epochs)


def by_flops(ladder: Ladder) -> Fraction | None:
    """Counted in operations of an image; None where the data decides how many."""
    flops = [level.flops for level in ladder.levels if level.flops is not None]
    if len(flops) < len(ladder.levels):
        return None
    return saved(flops, [level.epochs for level in ladder.levels])


def measured(pairs: Sequence[Pair]) -> Estimate:
    """Of training time, of each seed's full run."""
    return mean_of([1 - pair.levels.seconds / pair.full.seconds for pair in pairs])


def saving(ladder: Ladder, pairs: Sequence[Pair]) -> Table:
    """The part of the full run's work that is not done."""
    theory, counted, number = by_blocks(ladder), by_flops(ladder), len(ladder.levels) - 1
    epochs = [level.epochs for level in ladder.levels]
    rows: list[tuple[Cell, ...]] = [
        ("evaluations of blocks", str(theory), 100 * float(theory)),
        ("operations, stem and head too", None, None if counted is None else 100 * float(counted)),
        ("training time, measured", None, measured(pairs).scaled(100)),
    ]
    if len(set(epochs)) > 1:
        equal = saved_in_equal_cycles(number)
        rows.insert(1, (f"{number + 1} cycles of as many epochs", str(equal), 100 * float(equal)))
    return Table(
        "What is saved, of the full run",
        ("counted in", "exactly", "saved, %"),
        tuple(rows),
        (
            f"Cycles of {_and(epochs)} epochs. {CHANG}, counts 7/16 for 60, 50 and 50 epochs, and "
            "reports about 40 %.",
            "The time is that of the steps, evaluation not counted; its interval is over seeds.",
        ),
    )


def levels(ladder: Ladder) -> Table:
    """What is trained one after the other."""
    return Table(
        "Levels",
        ("level", "blocks", "h", "epochs", "parameters", "operations an image"),
        tuple(
            (number, dashed(level.blocks), level.h, level.epochs, level.parameters, level.flops)
            for number, level in enumerate(ladder.levels, start=1)
        ),
        ("Operations are those of evaluation: of products, convolutions and attention.",),
        name="levels",
    )


# --------------------------------------------------------------------------- what it costs


def accuracies(pairs: Sequence[Pair]) -> Table:
    """Of the networks at the end, and their differences."""
    return Table(
        "Accuracy at the end",
        ("part", "level after level, %", "full run, %", "difference, points", "runs"),
        tuple(_accuracies(part, pairs) for part in _parts(pairs)),
        ("The difference is of runs that share a seed; intervals of 95 % are over seeds.",),
        name="accuracy",
    )


def _accuracies(part: str, pairs: Sequence[Pair]) -> tuple[Cell, ...]:
    ours, theirs = _scores(part, pairs)
    both = (mean_of(ours), mean_of(theirs), paired(ours, theirs))
    return (part, *(found.scaled(100) for found in both), len(ours))


def _parts(pairs: Sequence[Pair]) -> list[str]:
    """Those of which every run has an accuracy."""
    return [part for part in ("validation", "test") if _scores(part, pairs)[0]]


def _scores(part: str, pairs: Sequence[Pair]) -> tuple[list[float], list[float]]:
    """Of each pair with both: level after level, full."""
    found = [(_score(part, pair.levels), _score(part, pair.full)) for pair in pairs]
    both = [(a, b) for a, b in found if a is not None and b is not None]
    return [a for a, _ in both], [b for _, b in both]


def _score(part: str, track: Track) -> float | None:
    return track.test_accuracy if part == "test" else track.validation_accuracy


# --------------------------------------------------------------------------- sentences


def conclusions(ladder: Ladder, pairs: Sequence[Pair]) -> Iterator[str]:
    """What was saved, and at what price."""
    if not pairs:
        return
    found, theory = measured(pairs), 100 * float(by_blocks(ladder))
    yield f"Training time saved: {found.scaled(100)} %; counted in blocks {theory:.4g} %."
    if not found.is_interval:
        yield "Of one seed there is no interval: nothing is said of accuracy."
        return
    part = _parts(pairs)[-1:]
    if not part:
        return
    difference = paired(*_scores(part[0], pairs)).scaled(100)
    if not difference.excludes(0):
        yield (
            f"No difference in {part[0]} accuracy is beyond chance ({difference} points); that "
            "none was found does not say that there is none."
        )
    else:
        better = "higher" if difference.mean > 0 else "lower"
        yield f"Its {part[0]} accuracy is {better}: {difference} points."


def limits(ladder: Ladder, pairs: Sequence[Pair]) -> Iterator[str]:
    """What a reader must know before believing the tables."""
    for pair in pairs:
        for track in (pair.levels, pair.full):
            if track.trouble:
                yield f"Seed {pair.seed} is left out: {track.trouble}."
    cosine = ladder.recipe.train.schedule == "cosine"
    yield (
        "The full run has as many epochs"
        + (", its learning rate restarts where the levels begin" if cosine else "")
        + "; the optimizer of a level begins anew."
    )
    yield (
        "Seconds are those of the machine that trained; whatever else ran there is in them. What a "
        "step costs beside its blocks does not halve with them."
    )


# --------------------------------------------------------------------------- curves, raw numbers


def curves(pairs: Sequence[Pair]) -> tuple[list[Curve], str]:
    """Both ways, and the part of the data that they are of: training's where no other is held
    back."""
    both = {"level after level": [p.levels for p in pairs], "full run": [p.full for p in pairs]}
    part = "validation"
    if any(_accuracy(e, part) is None for t in both["full run"] for _, e in t.points()):
        part = "training"
    return [_curve(label, tracks, part) for label, tracks in both.items()], part


def _curve(label: str, tracks: Sequence[Track], part: str) -> Curve:
    """Means over seeds, epoch by epoch."""
    epochs = list(zip(*(track.points() for track in tracks), strict=True))
    seconds = tuple(statistics.fmean(s for s, _ in points) for points in epochs)
    values = [[a for _, e in points if (a := _accuracy(e, part)) is not None] for points in epochs]
    last = list(accumulate(len(cycle) for cycle in tracks[0].cycles))[:-1]
    ends = tuple(seconds[number - 1] for number in last)
    return Curve(label, seconds, tuple(map(mean_of, values)), ends)


def _accuracy(epoch: EpochResult, part: str) -> float | None:
    return epoch.train_accuracy if part == "training" else epoch.validation_accuracy


def _raw(pair: Pair) -> dict[str, Any]:
    return {
        "seed": pair.seed,
        **{
            name: {
                "trouble": track.trouble,
                "test_accuracy": track.test_accuracy,
                "cycles": [
                    {
                        "seconds": [e.seconds for e in epochs],
                        "validation_accuracy": [e.validation_accuracy for e in epochs],
                        "validation_loss": [e.validation_loss for e in epochs],
                        "train_loss": [e.train_loss for e in epochs],
                    }
                    for epochs in track.cycles
                ],
            }
            for name, track in (("levels", pair.levels), ("full", pair.full))
        },
    }


def dashed(numbers: Sequence[int]) -> str:
    """`8-8-8`."""
    return "-".join(map(str, numbers))


def _and(numbers: Sequence[int]) -> str:
    *most, last = map(str, numbers)
    return f"{', '.join(most)} and {last}"
