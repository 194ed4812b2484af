"""Errors of the runs of one recipe under lesions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from butcher.laboratory.lesion.change import Lesion
from butcher.laboratory.lesion.draw import Layout, What
from butcher.laboratory.lesion.measure import Errors
from butcher.laboratory.statistic import Estimate, mean_of, paired

WORDS: dict[What, tuple[str, str]] = {
    "block": ("one block dropped", "blocks dropped"),
    "evaluation": ("one sub-net silent", "sub-nets silent"),
    "shuffle": ("two neighbours exchanged", "pairs exchanged"),
}
"""What a single lesion is, and what is counted where there are several."""


@dataclass(frozen=True)
class Result:
    """The runs of one recipe under lesions: single ones, and draws of several by their number."""

    label: str
    seeds: tuple[int, ...]
    layout: Layout
    singles: Sequence[Lesion]
    draws: Mapping[int, Sequence[Lesion]]
    errors: tuple[Errors, ...]

    @property
    def whole(self) -> Estimate:
        """In per cent, as all errors here."""
        return _error([run.whole for run in self.errors])

    def single(self, i: int) -> Estimate:
        return _error([run.single[i] for run in self.errors])

    def rise(self, i: int) -> Estimate:
        """By the i-th single lesion, in points, paired with the same network whole."""
        return self._rise([run.single[i] for run in self.errors])

    @property
    def mean_rise(self) -> Estimate:
        """By a single lesion, the mean over all of them."""
        return self._rise([fmean(run.single) for run in self.errors])

    def rise_by(self, number: int) -> Estimate:
        """By so many: of each run the mean of its draws."""
        return self._rise([fmean(run.several[number]) for run in self.errors])

    def rise_of_draw(self, number: int, i: int) -> float:
        """By the i-th of the draws of so many, the mean of all runs."""
        return 100 * fmean(run.several[number][i] - run.whole for run in self.errors)

    def _rise(self, shares: Sequence[float]) -> Estimate:
        return paired(shares, [run.whole for run in self.errors]).scaled(100)

    def several(self, number: int) -> Estimate:
        """Of each run the mean of its draws."""
        return _error([fmean(run.several[number]) for run in self.errors])


def _error(shares: Sequence[float]) -> Estimate:
    """In per cent; its interval ends where errors do."""
    found = mean_of(shares).scaled(100)
    if not found.is_interval:
        return found
    return replace(found, low=max(found.low, 0.0), high=min(found.high, 100.0))
