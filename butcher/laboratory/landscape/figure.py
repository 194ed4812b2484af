"""Loss surfaces of several networks on shared axes: lines, and maps of planes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from butcher.figure.style import GREY, PAGE
from butcher.laboratory.landscape.result import (
    LEAST,
    Plane,
    Result,
    largest,
    smallest,
    spans_decades,
)
from butcher.laboratory.marks import around, as_text, band, legend_below
from butcher.laboratory.plot import Drawing
from butcher.laboratory.statistic import NOTHING, Estimate, geometric_mean_of, mean_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_COLUMNS = 5


def figures(results: Sequence[Result], plane: Plane) -> Iterator[Drawing]:
    """Along the first direction; and of two, maps."""
    yield Drawing(lambda page: _lines(page, results, plane), PAGE, 2.9)
    if plane.dimensions == 2:
        rows = _rows(results)
        columns = max(map(len, rows))
        width = min(PAGE, 1.2 + 1.7 * columns)
        height = 0.4 + len(rows) * min(1.9, (width - 1.2) / columns + 0.2)
        yield Drawing(lambda page: _maps(page, results, plane), width, height, "plane")


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
    low, high = smallest(shown), largest(shown)
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
