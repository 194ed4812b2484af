"""What a comparison says: two tables, sentences, raw numbers, and what its figure shows."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from butcher.laboratory.compare.comparison import Comparison, Row
from butcher.laboratory.compare.figure import Curve, Panel, figure
from butcher.laboratory.findings import Findings
from butcher.laboratory.statistic import geometric_mean_of, mean_of
from butcher.laboratory.table import Cell, Table

EQUAL = 0.01
"""Parameters that differ by a smaller part are equal: a scheme's own numbers are in them."""
LEVEL = 0.05


def findings(
    comparison: Comparison, asked: Mapping[str, Any], remarks: Sequence[str] = ()
) -> Findings:
    """Of all of it. `asked` is what the request says, `remarks` what was planned otherwise."""
    rows = [_raw(comparison, row) for row in comparison.rows]
    return Findings(
        name="compare",
        title=f"{asked['recipe']}: {len(labels(comparison))} variants compared",
        tables=(accuracies(comparison), costs(comparison)),
        figures=(figure(list(panels(comparison)), comparison.score, comparison.first),),
        raw={**asked, "target": comparison.target, "score": comparison.score, "rows": rows},
        remarks=(*conclusions(comparison), *remarks, *limits(comparison)),
    )


def labels(comparison: Comparison) -> list[str]:
    """The variants, in their order."""
    return list(dict.fromkeys(row.label for row in comparison.rows))


# --------------------------------------------------------------------------- tables


def accuracies(comparison: Comparison) -> Table:
    """How good they are, and how much better than the first."""
    first = comparison.first
    heads = ["layers", "variant", "parameters", "runs", "validation, %", f"less {first}", "p"]
    if comparison.score == "test":
        heads.insert(4, "test, %")
    p_values = comparison.p_values()
    rows = [_accuracy(comparison, row, p) for row, p in zip(comparison.rows, p_values, strict=True)]
    tests = sum(p is not None for p in p_values)
    notes = [
        "Accuracies are means of the runs that got to the end, with 95 % intervals over seeds.",
        f"less {first}: {comparison.score} accuracy less that of {first} at the same depth, in "
        "points, of runs that share a seed.",
    ]
    if tests:
        many = f", by Holm for the {tests} of this table" if tests > 1 else ""
        notes.append(f"p: of a paired t test that this difference is 0{many}.")
    return Table("Accuracy", tuple(heads), tuple(rows), tuple(notes))


def _accuracy(comparison: Comparison, row: Row, p: float | None) -> tuple[Cell, ...]:
    scores = ("test", "validation") if comparison.score == "test" else ("validation",)
    difference = comparison.difference(row)
    return (
        row.built.layers,
        row.label,
        row.built.parameters,
        _runs(row),
        *(mean_of(row.ended(score)).scaled(100) for score in scores),
        None if difference is None else difference.scaled(100),
        p,
    )


def _runs(row: Row) -> str:
    """`5`, or `4 of 5` where some did not get to the end."""
    done, asked = len(row.done), len(row.results)
    return f"{done}" if done == asked else f"{done} of {asked}"


def costs(comparison: Comparison) -> Table:
    """What the networks are made of, and how long they take."""
    target, first = f"{comparison.target:.4g}", comparison.first
    return Table(
        "Time",
        (
            *("layers", "variant", "blocks", "sub-nets", "seconds", f"time / {first}"),
            *(f"epochs to {target}", f"seconds to {target}", f"to {target} / {first}"),
            *("reached", "diverged"),
        ),
        tuple(_cost(comparison, row) for row in comparison.rows),
        (
            "sub-nets: their evaluations in one pass.",
            f"epochs, seconds to {target}: until the validation accuracy is first that high, of "
            "the runs that get there (reached).",
            f"time / {first}: training time against that of {first} at the same depth, of runs "
            f"that share a seed; to {target} / {first}: likewise, until both are there. Means of "
            "times are geometric.",
        ),
        name="time",
    )


def _cost(comparison: Comparison, row: Row) -> tuple[Cell, ...]:
    seconds = [r.epochs[-1].seconds for r in row.done.values()]
    times = comparison.times(row)
    return (
        row.built.layers,
        row.label,
        row.built.blocks,
        row.built.evaluations,
        geometric_mean_of(seconds),
        comparison.slowness(row),
        geometric_mean_of([epochs for epochs, _ in times]),
        geometric_mean_of([until for _, until in times]),
        comparison.lateness(row),
        f"{len(times)} of {len(row.done)}",
        row.number("diverged"),
    )


# --------------------------------------------------------------------------- sentences


def _has_one_seed(comparison: Comparison) -> bool:
    return all(len(row.results) == 1 for row in comparison.rows)


def conclusions(comparison: Comparison) -> Iterator[str]:
    """What the differences come to."""
    p_values = comparison.p_values()
    tests = sum(p is not None for p in p_values)
    if not tests:
        few = (
            "one run a variant" if _has_one_seed(comparison) else "so few runs that got to the end"
        )
        yield f"Of {few} there is no interval: nothing is said of which is better."
        return
    found = [
        row for row, p in zip(comparison.rows, p_values, strict=True) if p is not None and p < LEVEL
    ]
    if not found:
        yield (
            f"No difference in {comparison.score} accuracy is beyond chance at a level of {LEVEL} "
            f"({_counted(tests)}); that none was found does not say that there is none."
        )
    for row in found:
        difference = comparison.difference(row)
        other = comparison.reference(row)
        assert difference is not None
        assert other is not None
        better = "better" if difference.mean > 0 else "worse"
        yield (
            f"{row.label}, {row.built.layers} layers, is {better} than {other.label}, "
            f"{other.built.layers} layers: {difference.scaled(100)} points."
        )
    if found and len(found) < tests:
        yield f"The other differences ({tests - len(found)} of {tests}) are not beyond chance."


def _counted(tests: int) -> str:
    return "one comparison" if tests == 1 else f"{tests} comparisons, Holm"


def limits(comparison: Comparison) -> Iterator[str]:
    """What a reader must know before believing the tables."""
    for row in comparison.rows:
        other = comparison.reference(row)
        if other is None:
            continue
        ratio = row.built.parameters / other.built.parameters
        if abs(ratio - 1) > EQUAL:
            yield (
                f"{row.label}, {row.built.layers} layers, has {ratio:.3g} times the parameters of "
                f"{other.label}, {other.built.layers} layers."
            )
    for row in comparison.rows:
        if number := row.number("diverged"):
            yield (
                f"{number} of {len(row.results)} runs of {row.label}, {row.built.layers} layers, "
                "diverged; means and differences are of the others."
            )
    for row in comparison.rows:
        for result in row.results:
            if result.outcome == "failed":
                yield f"{result.cell.name}, seed {result.seed}, failed: {result.message}"
    if not any(comparison.times(row) for row in comparison.rows):
        yield (
            f"No run reached a validation accuracy of {comparison.target:g}: give --accuracy a "
            "lower one."
        )
    yield (
        "Seeds change weights and the order of images. The split of the data is the same for all, "
        "and so is the recipe, its learning rate among it, but for what a variant says; intervals "
        "do not hold their choice."
    )
    yield (
        "Seconds are those of the machine that trained, evaluation not counted; whatever else ran "
        "there is in them."
    )


# --------------------------------------------------------------------------- figure, raw numbers


def panels(comparison: Comparison) -> Iterator[Panel]:
    """A depth each."""
    names = labels(comparison)
    for depth in dict.fromkeys(row.place.depth for row in comparison.rows):
        rows = [row for row in comparison.rows if row.place.depth == depth]
        yield Panel(
            "" if depth is None else f"{depth} layers",
            tuple(_curve(row, names.index(row.label)) for row in rows),
            tuple(
                (names.index(row.label), row.label, difference.scaled(100))
                for row in rows
                if (difference := comparison.difference(row)) is not None
            ),
        )


def _curve(row: Row, place: int) -> Curve:
    """Means over the runs that are done, epoch by epoch."""
    epochs = list(zip(*(r.epochs for r in row.done.values()), strict=False))
    return Curve(
        place,
        row.label,
        tuple(statistics.fmean(e.seconds for e in runs) for runs in epochs),
        tuple(mean_of([e.validation_accuracy for e in runs]) for runs in epochs),
    )


def _raw(comparison: Comparison, row: Row) -> dict[str, Any]:
    return {
        "variant": row.label,
        "settings": list(row.place.cell.settings),
        "asked": row.place.depth,
        "layers": row.built.layers,
        "blocks": row.built.blocks,
        "evaluations": row.built.evaluations,
        "parameters": row.built.parameters,
        "runs": [
            {
                "seed": r.seed,
                "outcome": r.outcome,
                "message": r.message,
                "test_accuracy": r.test_accuracy,
                "validation_accuracy": [e.validation_accuracy for e in r.epochs],
                "seconds": [e.seconds for e in r.epochs],
            }
            for r in row.results
        ],
    }
