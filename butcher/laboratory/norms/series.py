"""Which groups of runs lie on one line: alike but for depth, for the step, or for both."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from butcher.laboratory.groups import keys_but_seed, told_apart
from butcher.laboratory.statistic import NOTHING, Estimate, mean_of, slope_of
from butcher.training.recipe import Recipe

Axis = Literal["d", "h"]
UNITS: dict[Axis, str] = {"d": "blocks d", "h": "step h"}
VARIED = frozenset({"model.depth", "model.blocks", "model.h"})


@dataclass(frozen=True)
class Point:
    """One run: its depth in blocks, its step, and its mean norms."""

    label: str
    seed: int
    depth: int
    h: float | None
    norm: float
    update: float


@dataclass(frozen=True)
class Series:
    """Runs of networks that differ in d alone, in h alone, or in both with h d the same."""

    label: str
    axis: Axis
    points: tuple[Point, ...]

    @property
    def unit(self) -> str:
        return UNITS[self.axis]

    @property
    def xs(self) -> list[float]:
        return [_x(point, self.axis) for point in self.points]

    @property
    def slope(self) -> Estimate:
        """Of log F against log x."""
        return self._slope([point.norm for point in self.points])

    @property
    def update_slope(self) -> Estimate:
        return self._slope([point.update for point in self.points])

    def means(self, *, of_update: bool) -> dict[float, Estimate]:
        """By x."""
        found: dict[float, list[float]] = {}
        for x, point in zip(self.xs, self.points, strict=True):
            found.setdefault(x, []).append(point.update if of_update else point.norm)
        return {x: mean_of(values) for x, values in found.items()}

    def height(self, *, of_update: bool) -> float:
        """Of the fitted line at the geometric mean of x."""
        values = [point.update if of_update else point.norm for point in self.points]
        return math.exp(sum(map(math.log, values)) / len(values))

    def _slope(self, values: Sequence[float]) -> Estimate:
        if not all(value > 0 for value in values):  # nan, too
            return NOTHING
        return slope_of([math.log(x) for x in self.xs], [math.log(value) for value in values])


def series(groups: Sequence[tuple[Recipe, Sequence[Point]]]) -> list[Series]:
    """All lines through two values of x or more, of (recipe, its runs).

    Against d those with one h, and those with one h d; against h those with one d.
    """
    found: dict[tuple[str, Axis, str], list[Point]] = {}
    names: dict[str, Mapping[str, Any]] = {}
    for recipe, points in groups:
        kept = {k: v for k, v in keys_but_seed(recipe).items() if k not in VARIED}
        alike = json.dumps(kept, sort_keys=True, default=str)
        names[alike] = kept
        for point in points:
            for axis, held in _held(point):
                found.setdefault((alike, axis, held), []).append(point)
    words = dict(zip(names, told_apart(list(names.values())), strict=True))
    return [
        Series(f"{words[alike]}, {held}", axis, tuple(points))
        for (alike, axis, held), points in found.items()
        if len({_x(point, axis) for point in points}) > 1
    ]


def _held(point: Point) -> Iterator[tuple[Axis, str]]:
    """The lines on which a run may lie, and what they hold."""
    if point.h is None:
        yield "d", "h trained"
        return
    yield "d", f"h = {point.h:g}"
    yield "d", f"h d = {point.h * point.depth:g}"
    yield "h", f"d = {point.depth}"


def _x(point: Point, axis: Axis) -> float:
    return point.depth if axis == "d" else point.h or math.nan
