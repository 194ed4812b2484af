"""The numbers of runs over their epochs, read from `coefficients.csv`."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from butcher.laboratory.finished import AskError
from butcher.laboratory.groups import Group
from butcher.laboratory.statistic import Estimate, mean_of, paired
from butcher.training.stored import StoredRun

FILE = "coefficients.csv"

Key = tuple[int, str]
"""A block, counted from 1, and the name of its number."""


@dataclass(frozen=True)
class History:
    """The trained numbers of the runs of one recipe.

    label    what the recipe differs in from others.
    scheme   as the recipe names it.
    seeds    of the runs.
    values   of each number, for each run, one value an epoch, the start first.
    """

    label: str
    scheme: str
    seeds: tuple[int, ...]
    values: Mapping[Key, tuple[tuple[float, ...], ...]]

    @property
    def names(self) -> list[str]:
        """Of the numbers, in the order in which blocks have them."""
        return list(dict.fromkeys(name for _, name in self.values))

    def blocks(self, name: str) -> list[int]:
        """Those that have the number."""
        return [block for block, other in self.values if other == name]

    def mean_over_epochs(self, key: Key) -> list[float]:
        """Over the runs, at the start and after each epoch."""
        return [mean_of(values).mean for values in zip(*self.values[key], strict=True)]

    def start(self, key: Key) -> Estimate:
        return mean_of([run[0] for run in self.values[key]])

    def end(self, key: Key) -> Estimate:
        return mean_of(self.ends(key))

    def ends(self, key: Key) -> list[float]:
        """After the last epoch, for each run."""
        return [run[-1] for run in self.values[key]]

    def change(self, key: Key) -> Estimate:
        """From start to end, run by run."""
        return paired(self.ends(key), [run[0] for run in self.values[key]])


def history(group: Group[StoredRun]) -> History:
    """Of the runs of one recipe; AskError where a run has no trained numbers."""
    found = [of_file(run.folder / FILE, run.recipe.train.epochs) for run in group.runs]
    return History(
        group.label,
        group.recipe.model.scheme,
        group.seeds,
        {key: tuple(run[key] for run in found) for key in found[0]},
    )


def of_file(path: Path, epochs: int) -> dict[Key, tuple[float, ...]]:
    """What one run wrote: of each number a value at the start and after each epoch."""
    if not path.exists():
        raise AskError(
            f"{path.parent} has no {FILE}: its scheme has no trained numbers; train one that has, "
            "with --set step=learned or --set scheme=lm_resnet"
        )
    found: dict[Key, list[float]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for line in csv.DictReader(file):
                found.setdefault((int(line["block"]), line["name"]), []).append(
                    float(line["value"])
                )
    except (KeyError, ValueError, TypeError):
        raise AskError(f"{path} is not as it was written; train the run again") from None
    _check_whole(path, list(found.values()), epochs)
    return {key: tuple(values) for key, values in found.items()}


def _check_whole(path: Path, values: Sequence[Sequence[float]], epochs: int) -> None:
    if not values or any(len(each) != epochs + 1 for each in values):
        raise AskError(
            f"{path} does not have the start and each of {epochs} epochs; train the run again"
        )
