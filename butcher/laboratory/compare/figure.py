"""Accuracy against training time, and differences in their intervals, a row of panels a depth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from butcher.figure.style import GREY, MARKERS, PAGE, colour, dash, label
from butcher.laboratory.accuracy_axis import inside, set_accuracy_axis
from butcher.laboratory.marks import SIDE_BY_SIDE, as_text, band
from butcher.laboratory.plot import Drawing
from butcher.laboratory.statistic import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TOP, ROW, ENTRY = 0.1, 2.2, 0.17
"""Inches: above the panels, of a row of them, of a line of the legend."""
WIDEST = 140.0
"""Points that a label may take."""


@dataclass(frozen=True)
class Curve:
    """A variant, the one at `place` of all: seconds and validation accuracy, epoch by epoch."""

    place: int
    label: str
    seconds: tuple[float, ...]
    accuracies: tuple[Estimate, ...]


@dataclass(frozen=True)
class Panel:
    """What there is at one depth. A difference is (place, label, points)."""

    title: str
    curves: tuple[Curve, ...]
    differences: tuple[tuple[int, str, Estimate], ...]


def figure(panels: Sequence[Panel], score: str, reference: str) -> Drawing:
    """A row for each panel: its curves left, its differences right."""
    names = dict.fromkeys((c.place, c.label) for panel in panels for c in panel.curves)
    lines = -(-len(names) // SIDE_BY_SIDE)
    height = TOP + ROW * len(panels) + ENTRY * (lines + 1)

    def draw(page: Figure) -> None:
        grid = page.subplots(
            len(panels), 2, squeeze=False, sharex="col", gridspec_kw={"width_ratios": [1.5, 1]}
        )
        for (left, right), panel in zip(grid, panels, strict=True):
            _curves(left, panel)
            _differences(right, panel, len(names) - 1)
        title = label(f"{score} accuracy less that of {reference}", None, 170)
        as_text([grid[0][1].set_title(title, loc="left")])
        grid[-1][0].set_xlabel("training time, s")
        grid[-1][1].set_xlabel("points")
        _legend(page, sorted(names))

    return Drawing(draw, PAGE, height)


def _curves(axes: Axes, panel: Panel) -> None:
    for curve in panel.curves:
        band(axes, curve.seconds, curve.accuracies, curve.place, on=inside)
    set_accuracy_axis(axes, [a.mean for c in panel.curves for a in c.accuracies])
    axes.set_xlim(left=0)
    axes.set_ylabel("validation accuracy, %")
    if panel.title:
        axes.set_title(panel.title, loc="left")


def _differences(axes: Axes, panel: Panel, most: int) -> None:
    """The first on top; a line at 0."""
    axes.axvline(0, color=GREY, linewidth=0.6)
    for number, (place, _, points) in enumerate(panel.differences):
        if not points.number:
            continue
        bars = [[points.mean - points.low], [points.high - points.mean]]
        axes.errorbar(
            [points.mean],
            [-number],
            xerr=bars if points.is_interval else None,
            marker=MARKERS[place % len(MARKERS)],
            color=colour(place),
            markersize=4,
            capsize=2,
            linewidth=1.1,
        )
    axes.set_yticks(
        [-n for n in range(len(panel.differences))],
        [label(name, None, 70) for _, name, _ in panel.differences],
    )
    as_text(axes.get_yticklabels())
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-max(most, 1) + 0.4, 0.6)


def _legend(page: Figure, names: Sequence[tuple[int, str]]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [],
            [],
            color=colour(place),
            linestyle=dash(place),
            marker=MARKERS[place % len(MARKERS)],
            markersize=4,
        )
        for place, _ in names
    ]
    legend = page.legend(
        handles,
        [label(name, None, WIDEST) for _, name in names],
        loc="outside lower center",
        ncols=min(SIDE_BY_SIDE, len(names)),
        handlelength=2.6,
        columnspacing=1.5,
        labelspacing=0.35,
    )
    as_text(legend.get_texts())
