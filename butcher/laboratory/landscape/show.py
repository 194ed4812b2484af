"""`landscape`: loss surfaces of several networks on shared axes, as tables and figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from butcher.figure.style import GREY, PAGE
from butcher.laboratory.findings import Findings
from butcher.laboratory.finished import with_fixed_steps
from butcher.laboratory.groups import Group
from butcher.laboratory.landscape.direction import direction
from butcher.laboratory.landscape.subject import State, Subject, training_images
from butcher.laboratory.landscape.surface import Labelled, surface
from butcher.laboratory.marks import around, as_text, band, legend_below
from butcher.laboratory.plot import Drawing
from butcher.laboratory.statistic import NOTHING, Estimate, geometric_mean_of, mean_of, paired
from butcher.laboratory.table import Cell, Table
from butcher.training.data import Data
from butcher.training.place import cpu_threads

if TYPE_CHECKING:
    from matplotlib.figure import Figure

IMAGES, POINTS, REACH = 512, 21, 1.0
MOST_COLUMNS = 5
LEAST = 1e-12
"""A loss below it is drawn as this: logarithms end somewhere."""

MEANING = (
    "Mean cross-entropy of training images, not augmented, at w + a d (and + b e); d and e are "
    "random, filter by filter as long as the weights w (Li et al. 2018, arXiv:1712.09913). Biases, "
    "normalisation and the numbers of the schemes stay. BatchNorm is in evaluation mode, with the "
    "running statistics that each network has: of untrained ones mean 0 and variance 1. "
    "Networks with equal weights share the random numbers of a seed."
)


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


def landscape(
    groups: Sequence[Group[Subject]],
    plane: Plane,
    *,
    images: int = IMAGES,
    only_untrained: bool = False,
    progress: Callable[[str], None] = lambda line: None,
) -> Findings:
    """The loss around networks, as drawn and, of runs, as trained."""
    data, chosen = training_images(groups[0].recipe, images)
    states: tuple[State, ...] = ("untrained",) if only_untrained else ("untrained", "trained")
    results = [
        _result(group, state, plane, data, chosen, progress)
        for state in states
        for group in groups
        if any(state in subject.states for subject in group.runs)
    ]
    return Findings(
        "landscape",
        "Loss around the weights",
        (_ranges(results, plane),),
        tuple(_figures(results, plane)),
        raw=_raw(results, plane, len(chosen[1])),
        remarks=(MEANING, f"{len(chosen[1])} images."),
    )


def _result(
    group: Group[Subject],
    state: State,
    plane: Plane,
    data: Data,
    chosen: Labelled,
    progress: Callable[[str], None],
) -> Result:
    """The surfaces around the networks of a group; nobody has trained some."""
    asked = [subject for subject in group.runs if state in subject.states]
    seeds = tuple(subject.recipe.train.seed for subject in asked)
    surfaces = []
    for seed, subject in zip(seeds, asked, strict=True):
        network = subject.network(state, data)
        with_fixed_steps(group.label, network, "away from the weights steps may get ever shorter")
        drawn = torch.Generator().manual_seed(seed)
        directions = [direction(network, drawn) for _ in range(plane.dimensions)]
        count = _Count(f"{group.label}, seed {seed}, {state}", plane, progress)
        with cpu_threads(subject.recipe.train.threads):
            surfaces.append(tuple(surface(network, chosen, directions, plane.steps, count)))
    return Result(group.label, state, seeds, tuple(surfaces))


class _Count:
    """Says how many points of a surface are done."""

    def __init__(self, said: str, plane: Plane, progress: Callable[[str], None]) -> None:
        self.said, self.progress = said, progress
        self.done, self.all = 0, plane.points**plane.dimensions

    def __call__(self) -> None:
        self.done += 1
        self.progress(f"{self.said}: {self.done}/{self.all} points")


# --------------------------------------------------------------------------- table


def _ranges(results: Sequence[Result], plane: Plane) -> Table:
    rows: list[tuple[Cell, ...]] = []
    notes = [
        "Range: decimal logarithm of the largest loss over the smallest, on all points; intervals "
        "of 95 % over seeds, which draw weights and directions."
    ]
    first: dict[State, Result] = {}
    for result in results:
        reference = first.setdefault(result.state, result)
        is_other = reference is not result and reference.seeds == result.seeds
        against = paired(_decades(result), _decades(reference)) if is_other else None
        rows.append(
            (
                result.label,
                result.state,
                len(result.seeds),
                mean_of([each[plane.centre] for each in result.surfaces]),
                mean_of([math.log10(_largest(each)) for each in result.surfaces]),
                mean_of(_decades(result)),
                against,
            )
        )
        if beyond := sum(not math.isfinite(v) for each in result.surfaces for v in each):
            notes.append(
                f"{result.label}, {result.state}: {beyond} points have no finite loss and are "
                "left out."
            )
    heads = ("network", "weights", "runs", "loss at w", "lg largest", "range (decades)")
    return Table(
        "Range of the loss",
        (*heads, f"less that of {results[0].label}"),
        tuple(rows),
        tuple(notes),
    )


def _decades(result: Result) -> list[float]:
    return [math.log10(_largest(each) / _smallest(each)) for each in result.surfaces]


def _largest(values: Sequence[float]) -> float:
    return max((v for v in values if math.isfinite(v)), default=math.nan)


def _smallest(values: Sequence[float]) -> float:
    return max(min((v for v in values if math.isfinite(v)), default=math.nan), LEAST)


def _raw(results: Sequence[Result], plane: Plane, images: int) -> dict[str, Any]:
    return {
        "steps": plane.steps,
        "dimensions": plane.dimensions,
        "images": images,
        "surfaces": [
            {
                "label": result.label,
                "weights": result.state,
                "seeds": result.seeds,
                "losses": result.surfaces,
            }
            for result in results
        ],
    }


# --------------------------------------------------------------------------- figures


def _figures(results: Sequence[Result], plane: Plane) -> list[Drawing]:
    figures = [Drawing(lambda page: _lines(page, results, plane), PAGE, 2.9)]
    if plane.dimensions == 2:
        rows = _rows(results)
        columns = max(map(len, rows))
        width = min(PAGE, 1.2 + 1.7 * columns)
        height = 0.4 + len(rows) * min(1.9, (width - 1.2) / columns + 0.2)
        figures.append(Drawing(lambda page: _maps(page, results, plane), width, height, "plane"))
    return figures


def _lines(page: Figure, results: Sequence[Result], plane: Plane) -> None:
    """Along the first direction, a panel for each state; means over seeds in their intervals."""
    states = list(dict.fromkeys(result.state for result in results))
    labels = list(dict.fromkeys(result.label for result in results))
    is_log = spans_decades(results)
    panels = page.subplots(1, len(states), sharey=True, squeeze=False)[0]
    drawn: list[Estimate] = []
    for axes, state in zip(panels, states, strict=True):
        for result in results:
            if result.state == state:
                found = _along(result, plane, is_log=is_log)
                place = labels.index(result.label)
                band(axes, plane.steps, found, place, result.label)
                drawn += found
        axes.set_title(state)
        axes.set_xlabel("step a along d, which is as long as w")
        ticks = [plane.reach * i / 2 for i in range(-2, 3)]
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.grid(axis="y", color=GREY, alpha=0.25, linewidth=0.4)
    if is_log:
        around(panels[0], drawn, 3)
    else:
        panels[0].set_ylim(bottom=0)  # where intervals of losses end
    panels[0].set_ylabel("loss at w + a d")
    legend_below(page, panels[0])


def _along(result: Result, plane: Plane, *, is_log: bool) -> list[Estimate]:
    """The mean over seeds at every step of the first direction."""
    found = [each[plane.slice] for each in result.surfaces]
    return [_mean(values, is_log=is_log) for values in zip(*found, strict=True)]


def _mean(values: Sequence[float], *, is_log: bool) -> Estimate:
    """Geometric for a logarithmic axis; nothing where a loss is not finite."""
    if not all(map(math.isfinite, values)):
        return NOTHING
    return geometric_mean_of([max(v, LEAST) for v in values]) if is_log else mean_of(values)


def spans_decades(results: Sequence[Result]) -> bool:
    """Whether a straight axis would hide most of what there is."""
    values = [v for result in results for each in result.surfaces for v in each]
    return _largest(values) > 100 * _smallest(values)


def _rows(results: Sequence[Result]) -> list[list[Result]]:
    """Maps row by row: the states one below the other, not too many side by side."""
    rows = []
    for state in dict.fromkeys(result.state for result in results):
        of_state = [result for result in results if result.state == state]
        rows += [of_state[i : i + MOST_COLUMNS] for i in range(0, len(of_state), MOST_COLUMNS)]
    return rows


def _maps(page: Figure, results: Sequence[Result], plane: Plane) -> None:
    """The first seed of every network, all on one scale of colours, with a line a decade."""
    import numpy as np
    from matplotlib.colors import LogNorm, Normalize

    rows = _rows(results)
    shown = [v for result in results for v in result.surfaces[0]]
    is_log = spans_decades(results)
    low, high = _smallest(shown), _largest(shown)
    norm = (LogNorm if is_log else Normalize)(low, high)
    columns = max(map(len, rows))
    grid = page.subplots(len(rows), columns, sharex=True, sharey=True, squeeze=False)
    for row, line in zip(rows, grid, strict=True):
        for axes in line[len(row) :]:
            axes.set_axis_off()
        for axes, result in zip(line, row, strict=False):
            values = np.reshape(result.surfaces[0], (plane.points, plane.points))
            values = np.clip(values, low, high)
            at = plane.steps
            image = axes.pcolormesh(
                at, at, values, norm=norm, cmap="viridis", shading="gouraud", rasterized=True
            )
            if is_log:
                first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
                decades = [10.0**i for i in range(first, last + 1)]
                axes.contour(at, at, values, decades, colors="white", linewidths=0.5)
            axes.plot(0, 0, marker="+", color="white", markersize=4, markeredgewidth=0.7)
            axes.set_aspect("equal")
            as_text([axes.set_title(f"{result.label}\n{result.state}")])
        line[0].set_ylabel("step a")
    for axes in grid[-1]:
        axes.set_xlabel("step b")
    page.colorbar(image, ax=grid, label="loss", pad=0.02)
