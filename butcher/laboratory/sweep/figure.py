"""Accuracy against the learning rate; below it the largest rate at which each variant trains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from butcher.figure.style import GREY, MARKERS, colour, dash, label
from butcher.laboratory.plot import Drawing
from butcher.laboratory.statistic import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CURVES, LINE, WIDTH = 2.3, 0.19, 4.6
"""Inches: height of the upper panel, of a line of the lower one, width of the page."""


@dataclass(frozen=True)
class Line:
    """A variant: accuracy at each rate, and the largest rate that trains (as `sweep.largest`)."""

    place: int
    label: str
    rates: tuple[float, ...]
    accuracies: tuple[Estimate, ...]
    largest: Estimate


def figure(lines: Sequence[Line], bar: float, chance: float) -> Drawing:
    """Two panels over one axis of rates; names stand at the lower one."""
    lower = LINE * (len(lines) + 1)

    def draw(page: Figure) -> None:
        above, below = page.subplots(
            2, 1, sharex=True, gridspec_kw={"height_ratios": [CURVES, lower]}
        )
        _accuracies(above, lines, bar, chance)
        _largest(below, lines)
        below.set_xlabel("learning rate; below the largest one that trains")

    return Drawing(draw, WIDTH, CURVES + lower + 0.5)


def _accuracies(axes: Axes, lines: Sequence[Line], bar: float, chance: float) -> None:
    for level, pattern in ((100 * bar, "--"), (100 * chance, ":")):
        axes.axhline(level, color=GREY, linewidth=0.6, linestyle=pattern)
    for line in lines:
        shown = [100 * a.mean for a in line.accuracies]
        style: dict[str, Any] = {"color": colour(line.place)}
        axes.plot(
            line.rates,
            shown,
            linestyle=dash(line.place),
            marker=MARKERS[line.place % len(MARKERS)],
            markersize=3.5,
            **style,
        )
        if all(a.is_interval for a in line.accuracies):
            axes.fill_between(
                line.rates,
                [max(0.0, 100 * a.low) for a in line.accuracies],
                [min(100.0, 100 * a.high) for a in line.accuracies],
                alpha=0.15,
                linewidth=0,
                **style,
            )
    axes.set_ylim(0, 101)
    axes.set_ylabel("validation accuracy, %")


def _largest(axes: Axes, lines: Sequence[Line]) -> None:
    """The first on top; an arrow where the grid ends too soon."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    low, high = min(lines[0].rates), max(lines[0].rates)
    axes.set_xscale("log")
    for line in lines:
        found = line.largest
        if not found.number:
            continue
        style: dict[str, Any] = {"color": colour(line.place), "linewidth": 1.1}
        ends = [found.mean if math.isnan(e) else e for e in (found.low, found.high)]
        axes.plot(
            [max(ends[0], low), min(ends[1], high)],
            [-line.place] * 2,
            solid_capstyle="butt",
            **style,
        )
        axes.plot(
            [found.mean],
            [-line.place],
            marker=MARKERS[line.place % len(MARKERS)],
            markersize=4,
            **style,
        )
        for end, place, mark in ((ends[0] < low, low, "<"), (ends[1] > high, high, ">")):
            if end:
                axes.plot([place], [-line.place], marker=mark, markersize=3, **style)
    axes.set_yticks(
        [-line.place for line in lines], [label(line.label, None, 90) for line in lines]
    )
    for tick, line in zip(axes.get_yticklabels(), lines, strict=True):
        tick.set_color(colour(line.place))
        tick.set_parse_math(False)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(0.6 - len(lines), 0.6)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
