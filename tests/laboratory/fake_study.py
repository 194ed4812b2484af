"""Results of runs that nobody made, and their folders."""

import json
from collections.abc import Sequence
from pathlib import Path

from butcher.laboratory.study import Cell, Planned, Result, Variant
from butcher.training import toml
from butcher.training.recipe import Recipe
from butcher.training.result import EpochResult

RECIPE = """\
[model]
family = "ho-resnet"
depth = 10
width = 4

[data]
batch = 256

[train]
epochs = 3
device = "cpu"
"""

EULER, RK4 = Variant("euler", ("scheme=euler",)), Variant("RK4", ("scheme=rk4",))


def cell(variant: Variant, name: str = "") -> Cell:
    return Cell(variant, name or variant.slug, variant.settings)


def epochs(accuracies: Sequence[float], pace: float) -> tuple[EpochResult, ...]:
    """An epoch for each validation accuracy, `pace` seconds each."""
    return tuple(
        EpochResult(i, 4 * i, 0.1, 1.0, 0.5, 1.0, accuracy, pace * i)
        for i, accuracy in enumerate(accuracies, start=1)
    )


def done(
    of: Cell, seed: int, accuracies: Sequence[float], test: float | None = None, pace: float = 1.0
) -> Result:
    return Result(of, seed, "done", epochs(accuracies, pace), test)


def diverged(of: Cell, seed: int, accuracies: Sequence[float] = ()) -> Result:
    message = "diverged: the loss is not finite in epoch 1"
    return Result(of, seed, "diverged", epochs(accuracies, 1.0), None, message)


def store(planned: Planned, result: Result | None) -> None:
    """The folder that a run with this result leaves; None: one that has not ended."""
    recipe: Recipe = planned.recipe
    folder: Path = recipe.out
    folder.mkdir(parents=True)
    (folder / "recipe.toml").write_text(toml.written(recipe.tables()))
    (folder / "environment.json").write_text(json.dumps({"digest": recipe.digest}))
    if result is None:
        return
    names = list(EpochResult.__dataclass_fields__)
    lines = [",".join(str(getattr(e, name)) for name in names) for e in result.epochs]
    (folder / "metrics.csv").write_text("\n".join([",".join(names), *lines]) + "\n")
    summary = {
        "outcome": result.outcome,
        "message": result.message,
        "test_accuracy": result.test_accuracy,
    }
    (folder / "summary.json").write_text(json.dumps(summary))
