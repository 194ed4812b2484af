"""Norms of the runs of one recipe."""

from __future__ import annotations

import math
from dataclasses import dataclass

from butcher.laboratory.norms.measure import Norms
from butcher.laboratory.norms.series import Point
from butcher.laboratory.statistic import NOTHING, Estimate, mean_of
from butcher.training.recipe import Recipe


@dataclass(frozen=True)
class Result:
    """The runs of one recipe.

    stages  of every block, counted from 1.
    h       the step of its blocks; None where it is trained, or there is none.
    """

    label: str
    recipe: Recipe
    seeds: tuple[int, ...]
    stages: tuple[int, ...]
    h: float | None
    norms: tuple[Norms, ...]

    @property
    def depth(self) -> int:
        """In blocks."""
        return len(self.stages)

    @property
    def mean(self) -> Estimate:
        return mean_of([run.mean for run in self.norms])

    @property
    def update(self) -> Estimate:
        return _mean([run.update for run in self.norms])

    @property
    def path(self) -> Estimate:
        """The updates of all blocks, added up."""
        return _mean([sum(run.updates) for run in self.norms])

    def sub_net(self, block: int, net: int) -> Estimate:
        return mean_of([run.sub_nets[block][net] for run in self.norms])

    def block_update(self, block: int) -> Estimate:
        return _mean([run.updates[block] for run in self.norms])

    @property
    def points(self) -> tuple[Point, ...]:
        """One a run."""
        return tuple(
            Point(self.label, seed, self.depth, self.h, run.mean, run.update)
            for seed, run in zip(self.seeds, self.norms, strict=True)
        )


def _mean(values: list[float]) -> Estimate:
    """Of no value where one is nan: blocks without a way past their sub-nets."""
    return NOTHING if any(map(math.isnan, values)) else mean_of(values)
