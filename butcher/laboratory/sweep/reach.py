"""Up to which learning rate a scheme trains: Luo et al. (arXiv:2103.15244), figure 9."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from butcher.laboratory.statistic import NOTHING, Estimate, geometric_mean_of, mean_of, proportion
from butcher.laboratory.study import Result, Variant


@dataclass(frozen=True)
class Reach:
    """How far the runs of one seed train: up to the rate `low`, at the next, `high`, no more.

    `high` is infinite where the grid ends first.
    """

    low: float
    high: float


@dataclass(frozen=True)
class Trials:
    """A variant at every rate.

    results  a rate each, a seed each in it; runs that failed are left out.
    """

    variant: Variant
    rates: tuple[float, ...]
    results: tuple[tuple[Result, ...], ...]

    def seeds(self) -> list[int]:
        """Those that have a run at every rate."""
        sets = [{r.seed for r in runs} for runs in self.results]
        return sorted(set.intersection(*sets)) if sets else []


@dataclass(frozen=True)
class Sweep:
    """All variants, and what training means.

    chance  the accuracy of guessing: that of a run that diverged.
    given   the validation accuracy above which a run has trained; None: half of the way from
            chance to the best mean of all variants and rates.
    failed  runs that are left out.
    """

    trials: tuple[Trials, ...]
    chance: float
    given: float | None = None
    failed: tuple[Result, ...] = ()

    @cached_property
    def bar(self) -> float:
        """The validation accuracy above which a run has trained."""
        if self.given is not None:
            return self.given
        means = [
            statistics.fmean(self.accuracies(runs))
            for trials in self.trials
            for runs in trials.results
            if runs
        ]
        return (self.chance + max(means, default=1.0)) / 2

    def accuracies(self, runs: Sequence[Result]) -> list[float]:
        """After the last epoch; of a run that diverged, chance."""
        return [self.chance if r.accuracy is None else r.accuracy for r in runs]

    def trains(self, result: Result) -> bool:
        """Whether it got to the end, above the bar."""
        return result.accuracy is not None and result.accuracy > self.bar

    def mean(self, runs: Sequence[Result]) -> Estimate:
        return mean_of(self.accuracies(runs))

    def share(self, runs: Sequence[Result]) -> Estimate:
        """Of the runs that train."""
        return proportion(sum(map(self.trains, runs)), len(runs))

    def reach(self, trials: Trials, seed: int) -> Reach | None:
        """The end of the first neighbouring rates that all train; None where none does.

        Lower rates, at which as many epochs are too few, do not count against it; higher ones that
        train again, beyond one that does not, do not count for it.
        """
        low: float | None = None
        for rate, runs in zip(trials.rates, trials.results, strict=True):
            if self.trains(next(r for r in runs if r.seed == seed)):
                low = rate
            elif low is not None:
                return Reach(low, rate)
        return None if low is None else Reach(low, math.inf)

    def reaches(self, trials: Trials) -> dict[int, Reach]:
        """By seed, of those that train at some rate."""
        found = ((seed, self.reach(trials, seed)) for seed in trials.seeds())
        return {seed: reach for seed, reach in found if reach is not None}


@dataclass(frozen=True)
class Factor(Estimate):
    """An estimate of what is positive and told apart by factors: three digits of each number."""

    def __str__(self) -> str:
        if not self.number or not self.is_interval:
            return super().__str__()
        return f"{self.mean:.3g} [{self.low:.3g}, {self.high:.3g}]"


def largest(reaches: Sequence[Reach]) -> Estimate:
    """The geometric mean over seeds of the largest rates that train.

    The interval begins where that of these rates does, and ends where that of the next rates of
    the grid does: where between the two training ends is not known. Infinite where the grid ends
    before some seed does.
    """
    lows = [r.low for r in reaches]
    return _between(lows, lows, [r.high for r in reaches])


def larger(one: Mapping[int, Reach], other: Mapping[int, Reach]) -> Estimate:
    """How much larger the largest rates of one are than those of another, paired by seed.

    Its ends are 0 or infinite where the grid ends before some seed does.
    """
    pairs = [(one[seed], other[seed]) for seed in sorted(one.keys() & other.keys())]
    return _between(
        [a.low / b.high for a, b in pairs],
        [a.low / b.low for a, b in pairs],
        [a.high / b.low for a, b in pairs],
    )


def _between(lows: Sequence[float], middles: Sequence[float], highs: Sequence[float]) -> Estimate:
    """Geometric means: of the middles, and the outer ends of the intervals of lows and highs."""
    if not middles:
        return NOTHING
    return Factor(
        geometric_mean_of(middles).mean,
        geometric_mean_of(lows).low if all(lows) else 0.0,
        geometric_mean_of(highs).high if all(map(math.isfinite, highs)) else math.inf,
        len(middles),
    )
