"""Surfaces of the loss, and how far they reach."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from butcher.laboratory.landscape.subject import State

POINTS, REACH = 21, 1.0
LEAST = 1e-12
"""A loss below it is drawn as this: logarithms end somewhere."""


@dataclass(frozen=True)
class Plane:
    """Where the loss is looked at: `points` a direction, from -reach to reach; their number odd."""

    dimensions: int = 1
    points: int = POINTS
    reach: float = REACH

    @property
    def steps(self) -> list[float]:
        half = self.points // 2
        return [self.reach * (i - half) / half for i in range(self.points)]

    @property
    def centre(self) -> int:
        """The place of the weights themselves among all points."""
        return math.prod([self.points] * self.dimensions) // 2

    @property
    def slice(self) -> slice:
        """The points along the first direction through the weights."""
        if self.dimensions == 1:
            return slice(None)
        return slice(self.points // 2, None, self.points)


@dataclass(frozen=True)
class Result:
    """Surfaces of the networks of one recipe in one state, one a seed."""

    label: str
    state: State
    seeds: tuple[int, ...]
    surfaces: tuple[tuple[float, ...], ...]


def largest(values: Sequence[float]) -> float:
    return max((v for v in values if math.isfinite(v)), default=math.nan)


def smallest(values: Sequence[float]) -> float:
    return max(min((v for v in values if math.isfinite(v)), default=math.nan), LEAST)


def spans_decades(results: Sequence[Result]) -> bool:
    """Whether a straight axis would hide most of what there is."""
    values = [v for result in results for each in result.surfaces for v in each]
    return largest(values) > 100 * smallest(values)
