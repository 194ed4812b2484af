"""Schemes side by side at equal parameters: accuracy, and time to an accuracy, paired by seed.

Luo et al. (arXiv:2103.15244), tables 3 and 4; Lembke, table 2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from butcher.laboratory.compare.significance import holm, paired_p
from butcher.laboratory.statistic import Estimate, paired, ratio_of
from butcher.laboratory.study import Built, Result
from butcher.laboratory.study.depths import Place
from butcher.training.result import EpochResult


@dataclass(frozen=True)
class Row:
    """A variant at a depth, its network and its runs."""

    place: Place
    built: Built
    results: tuple[Result, ...]

    @property
    def label(self) -> str:
        return self.place.cell.variant.label

    @property
    def done(self) -> dict[int, Result]:
        """The runs that got to the end, by seed."""
        return {r.seed: r for r in self.results if r.outcome == "done"}

    def number(self, outcome: str) -> int:
        """How many runs ended so."""
        return sum(r.outcome == outcome for r in self.results)

    def ended(self, score: str) -> list[float]:
        """The last accuracy of each run that is done, of `score`: test or validation."""
        return [value for r in self.done.values() if (value := accuracy_of(r, score)) is not None]


def accuracy_of(result: Result, score: str) -> float | None:
    return result.test_accuracy if score == "test" else result.accuracy


@dataclass(frozen=True)
class Comparison:
    """Rows, those of one depth together.

    target  the validation accuracy whose time is asked for.
    first   the label of the variant that the others are compared to, where it is at their depth.
    """

    rows: tuple[Row, ...]
    target: float
    first: str

    @property
    def score(self) -> str:
        """What differences are of: test accuracy, or validation accuracy where no run has one."""
        touched = any(r.test_accuracy is not None for row in self.rows for r in row.results)
        return "test" if touched else "validation"

    def reference(self, row: Row) -> Row | None:
        """The row of the first variant at the same depth; None for itself, or if there is none."""
        if row.label == self.first:
            return None
        same = (one for one in self.rows if one.place.depth == row.place.depth)
        return next((one for one in same if one.label == self.first), None)

    def pairs(self, row: Row) -> list[tuple[Result, Result]]:
        """Runs of a row and of its reference that share a seed, both done."""
        other = self.reference(row)
        if other is None:
            return []
        return [(r, other.done[seed]) for seed, r in row.done.items() if seed in other.done]

    def scores(self, row: Row) -> tuple[list[float], list[float]]:
        """The last accuracies of the pairs of a row."""
        found = [
            (a, b)
            for one, two in self.pairs(row)
            if (a := accuracy_of(one, self.score)) is not None
            and (b := accuracy_of(two, self.score)) is not None
        ]
        return [a for a, _ in found], [b for _, b in found]

    def difference(self, row: Row) -> Estimate | None:
        """Of the accuracies of a row and its reference."""
        return None if self.reference(row) is None else paired(*self.scores(row))

    def p_values(self) -> list[float | None]:
        """A row each, all differences one family."""
        return holm([paired_p(*self.scores(row)) for row in self.rows])

    def times(self, row: Row) -> list[tuple[int, float]]:
        """Of each run that gets to the target: epochs and seconds until it is there."""
        found = [self.arrival(r) for r in row.done.values()]
        return [(first.epoch, first.seconds) for first in found if first]

    def arrival(self, result: Result) -> EpochResult | None:
        """The first epoch of a run with the target's validation accuracy."""
        return next((e for e in result.epochs if reaches(e, self.target)), None)

    def slowness(self, row: Row) -> Estimate | None:
        """Training times of a row, in those of its reference."""
        return self._ratio(row, lambda result: result.epochs[-1])

    def lateness(self, row: Row) -> Estimate | None:
        """Times of a row until it is at the target, in those of its reference."""
        return self._ratio(row, self.arrival)

    def _ratio(self, row: Row, end: Callable[[Result], EpochResult | None]) -> Estimate | None:
        """Of seconds to an epoch, where both of a pair have it."""
        if self.reference(row) is None:
            return None
        ends = [(end(one), end(two)) for one, two in self.pairs(row)]
        both = [(one.seconds, two.seconds) for one, two in ends if one and two]
        return ratio_of([a for a, _ in both], [b for _, b in both])


def reaches(epoch: EpochResult, target: float) -> bool:
    return bool(epoch.validation_accuracy is not None and epoch.validation_accuracy >= target)
