"""What a sweep says: how far each variant trains, a row for every rate, what a figure shows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from butcher.laboratory.findings import Findings
from butcher.laboratory.statistic import Estimate
from butcher.laboratory.sweep.figure import Line, figure
from butcher.laboratory.sweep.reach import Sweep, Trials, larger, largest
from butcher.laboratory.table import Cell, Table


def findings(sweep: Sweep, asked: Mapping[str, Any], planned: Sequence[str] = ()) -> Findings:
    """Of all of it. `asked` is what the request says, `planned` what was planned otherwise."""
    rates = sweep.trials[0].rates
    lines = [_line(sweep, trials, place) for place, trials in enumerate(sweep.trials)]
    return Findings(
        name="sweep",
        title=f"{asked['recipe']}: {len(sweep.trials)} variants at {len(rates)} learning rates",
        tables=(ends(sweep), every_rate(sweep)),
        figures=(figure(lines, sweep.bar, sweep.chance),),
        raw={**asked, "bar": sweep.bar, "chance": sweep.chance, "trials": list(_raw(sweep))},
        remarks=(*remarks(sweep), *planned),
    )


def ends(sweep: Sweep) -> Table:
    """The largest rates."""
    first = sweep.trials[0]
    grid, reference = first.rates, sweep.reaches(first)
    rows = []
    for trials in sweep.trials:
        found = sweep.reaches(trials)
        versus = None if trials is first else bounded(larger(found, reference))
        best = max(trials.results, key=lambda runs: sweep.mean(runs).mean if runs else -1.0)
        rate = trials.rates[trials.results.index(best)]
        rows.append(
            (
                trials.variant.label,
                bounded(largest(list(found.values()))),
                versus,
                rate,
                sweep.mean(best).scaled(100),
                f"{len(found)} of {len(trials.seeds())}",
            )
        )
    label = first.variant.label
    return Table(
        "Largest learning rate that trains",
        ("variant", "largest rate", f"times that of {label}", "best rate", "there, %", "seeds"),
        tuple(rows),
        (
            _trains(sweep),
            f"largest rate: of {grid[0]:g} to {grid[-1]:g}, the end of the first neighbouring ones "
            "that all train; geometric mean over the seeds that train at some rate. The 95 % "
            "interval ends where that of the next rates of the grid does: between the two, "
            "training ends.",
            "at least, at most: the grid ends before some seed does.",
            "best rate: of the highest mean of the validation accuracy, which is chosen as the "
            "highest and so too high; no test of it was made.",
        ),
    )


def _trains(sweep: Sweep) -> str:
    if sweep.given is not None:
        why = "as --trains says"
    else:
        why = f"half of the way from chance, {sweep.chance:g}, to the best mean of this sweep"
    return (
        "A run trains if its loss is finite to the end and its last validation accuracy above "
        f"{sweep.bar:.3g}, {why}."
    )


def every_rate(sweep: Sweep) -> Table:
    """Every variant at every rate."""
    return Table(
        "Every learning rate",
        ("variant", "rate", "validation, %", "train, %", "of", "diverged"),
        tuple(row for trials in sweep.trials for row in _rows(sweep, trials)),
        (
            f"validation: a run that diverged counts as chance, {100 * sweep.chance:g} %.",
            "train: the share of the runs, in Wilson's 95 % interval.",
        ),
        name="rates",
    )


def _rows(sweep: Sweep, trials: Trials) -> Iterator[tuple[Cell, ...]]:
    for rate, runs in zip(trials.rates, trials.results, strict=True):
        yield (
            trials.variant.label,
            rate,
            sweep.mean(runs).scaled(100),
            sweep.share(runs).scaled(100),
            len(runs),
            sum(r.outcome == "diverged" for r in runs),
        )


def bounded(found: Estimate) -> Cell:
    """An estimate, or the one end of it that is known: `at least 2`."""
    alone = " (one run)" if found.number == 1 else ""
    if found.low == 0 and math.isinf(found.high):
        return None
    if math.isinf(found.high):
        return f"at least {found.mean if math.isnan(found.low) else found.low:.3g}{alone}"
    if found.low == 0:
        return f"at most {found.mean if math.isnan(found.high) else found.high:.3g}{alone}"
    return found


def remarks(sweep: Sweep) -> Iterator[str]:
    """What the differences come to, and what they cannot say."""
    first, *others = sweep.trials
    reference = sweep.reaches(first)
    for trials in others:
        ratio = larger(sweep.reaches(trials), reference)
        name = first.variant.label
        if ratio.number < 2 or bounded(ratio) is None:
            continue
        if ratio.excludes(1):
            word = "larger" if ratio.mean > 1 else "smaller"
            yield f"{trials.variant.label} trains up to {word} rates than {name}: {_times(ratio)}."
        else:
            yield (
                f"{trials.variant.label} and {name}: no difference that is beyond chance and the "
                "steps of the grid."
            )
    for r in sweep.failed:
        yield f"{r.cell.name}, seed {r.seed}, failed: {r.message}"
    seeds = {len(trials.seeds()) for trials in sweep.trials}
    if seeds <= {0, 1}:
        yield "Of one seed there is no interval: nothing is said of which trains further."
    steps = [b / a for a, b in zip(first.rates, first.rates[1:], strict=False)]
    yield f"Neighbouring rates are up to a factor of {max(steps):.3g} apart; nothing finer is seen."
    yield (
        "This is of one recipe: another schedule, warm-up, momentum or batch moves all these rates."
    )


def _times(ratio: Estimate) -> str:
    found = bounded(ratio)
    return f"{found} times" if found is not None else ""


def _line(sweep: Sweep, trials: Trials, place: int) -> Line:
    return Line(
        place,
        trials.variant.label,
        trials.rates,
        tuple(sweep.mean(runs) for runs in trials.results),
        largest(list(sweep.reaches(trials).values())),
    )


def _raw(sweep: Sweep) -> Iterator[dict[str, Any]]:
    for trials in sweep.trials:
        yield {
            "variant": trials.variant.label,
            "settings": list(trials.variant.settings),
            "rates": list(trials.rates),
            "runs": [
                [
                    {
                        "seed": r.seed,
                        "outcome": r.outcome,
                        "message": r.message,
                        "validation_accuracy": r.accuracy,
                        "trains": sweep.trains(r),
                    }
                    for r in runs
                ]
                for runs in trials.results
            ],
            "reaches": {str(seed): [r.low, r.high] for seed, r in sweep.reaches(trials).items()},
        }
