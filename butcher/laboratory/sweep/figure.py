"""Accuracy against the learning rate; below it the largest rate at which each variant trains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from butcher.figure.style import GREY, MARKERS, colour, label
from butcher.laboratory.marks import as_text, band, plain_numbers
from butcher.laboratory.plot import Drawing
from butcher.laboratory.statistic import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CURVES, LINE, WIDTH = 2.2, 0.2, 4.6
"""Inches: height of the upper panel, of a line of the lower one, width of the page."""
MARGIN = 1.25
"""A factor, left and right of the rates."""


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
        below.set_xlabel("learning rate")

    return Drawing(draw, WIDTH, CURVES + lower + 0.7)


def _accuracies(axes: Axes, lines: Sequence[Line], bar: float, chance: float) -> None:
    _level(axes, "trains", bar, side="right")
    _level(axes, "chance", chance, side="left")
    for line in lines:
        band(axes, line.rates, line.accuracies, line.place, marks=True, on=_percent)
    axes.set_ylim(0, 101)
    axes.set_ylabel("validation accuracy, %")


def _percent(accuracy: float) -> float:
    return min(max(100 * accuracy, 0.0), 100.0)


def _level(axes: Axes, name: str, accuracy: float, *, side: Literal["left", "right"]) -> None:
    """An accuracy that means something, with its name: two names on two sides never meet."""
    from matplotlib.patheffects import withStroke

    axes.axhline(100 * accuracy, color=GREY, linewidth=0.6, linestyle=(0, (1, 2)))
    at, inwards = (1, -2) if side == "right" else (0, 2)
    axes.annotate(
        name,
        (at, 100 * accuracy),
        xycoords=("axes fraction", "data"),
        xytext=(inwards, 1.5),
        textcoords="offset points",
        ha=side,
        color=GREY,
        fontsize=7,
        path_effects=[withStroke(linewidth=1.5, foreground="white")],
    )


def _largest(axes: Axes, lines: Sequence[Line]) -> None:
    """The first on top; an arrow where the grid ends too soon."""
    low, high = min(lines[0].rates), max(lines[0].rates)
    axes.set_xscale("log")
    axes.set_xlim(low / MARGIN, high * MARGIN)
    for line in lines:
        _interval(axes, line, low / MARGIN**0.7, high * MARGIN**0.7)
    axes.set_yticks(
        [-line.place for line in lines], [label(line.label, None, 90) for line in lines]
    )
    for tick, line in zip(axes.get_yticklabels(), lines, strict=True):
        tick.set_color(colour(line.place))
    as_text(axes.get_yticklabels())
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(0.6 - len(lines), 0.6)
    plain_numbers(axes.xaxis, lines[0].rates)
    axes.set_title("largest rate that trains", loc="left", fontsize=8)


def _interval(axes: Axes, line: Line, first: float, last: float) -> None:
    """Of a variant, with an arrow at `first` or `last` where it goes on."""
    found, place = line.largest, [-line.place]
    if not found.number:
        return
    style: dict[str, Any] = {"color": colour(line.place), "linewidth": 1.1, "markersize": 4}
    low, high = (found.mean if math.isnan(end) else end for end in (found.low, found.high))
    axes.plot([max(low, first), min(high, last)], place * 2, **style)
    axes.plot([max(low, first)], place, marker="<" if low < first else "|", **style)
    axes.plot([min(high, last)], place, marker=">" if high > last else "|", **style)
    axes.plot([found.mean], place, marker=MARKERS[line.place % len(MARKERS)], **style)
