"""What figures of results have in common: means with bars, whole numbers, the legend below."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from butcher.figure.style import MARKERS, colour, dash
from butcher.laboratory.statistic import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.text import Text

SIDE_BY_SIDE = 3
"""Entries of a legend in a row."""
LETTER = 0.02
"""Of a narrow axis: a digit of a number below it."""


def line(
    axes: Axes,
    at: Sequence[float],
    found: Sequence[Estimate],
    place: int,
    label: str,
    *,
    joined: bool = True,
) -> None:
    """Means, with their intervals as bars where they are known; `place` chooses the colour."""
    low = [e.mean - e.low if e.is_interval else 0.0 for e in found]
    high = [e.high - e.mean if e.is_interval else 0.0 for e in found]
    axes.errorbar(
        at,
        [e.mean for e in found],
        yerr=(low, high),
        color=colour(place),
        linestyle=dash(place) if joined else "",
        marker=MARKERS[place % len(MARKERS)],
        markersize=2.6,
        linewidth=0.9,
        elinewidth=0.6,
        capsize=1.5,
        capthick=0.6,
        label=label,
    )


def whole_numbers(axes: Axes) -> None:
    """No ticks between the numbers of blocks or of epochs, however few there are."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def band(
    axes: Axes,
    at: Sequence[float],
    found: Sequence[Estimate],
    place: int,
    label: str = "",
    *,
    marks: bool = False,
    on: Callable[[float], float] = float,
) -> None:
    """Means with a line, and as an area around it those intervals that are known.

    marks  on every mean.
    on     where a value is drawn: in other units, or inside what the axes can show.
    """
    axes.plot(
        at,
        [on(e.mean) for e in found],
        color=colour(place),
        linestyle=dash(place),
        marker=MARKERS[place % len(MARKERS)] if marks else "",
        markersize=2.6,
        linewidth=0.9,
        label=label,
    )
    known = [(x, e) for x, e in zip(at, found, strict=True) if e.is_interval]
    axes.fill_between(
        [x for x, _ in known],
        [on(e.low) for _, e in known],
        [on(e.high) for _, e in known],
        color=colour(place),
        alpha=0.15,
        linewidth=0,
    )


def around(axes: Axes, found: Sequence[Estimate], factor: float) -> None:
    """A logarithmic axis that shows the means; intervals that leave it are cut."""
    axes.set_yscale("log")
    means = [e.mean for e in found if e.mean > 0]
    if means:
        axes.set_ylim(min(means) / factor, max(means) * factor)


def plain_numbers(axis: Axis, at: Sequence[float] = ()) -> None:
    """A logarithmic axis with numbers as they are written, at 1, 2, 5, 10 or at places that rise.

    These all have ticks; where they have no room, not all have numbers. Its ends must be known.
    """
    from matplotlib import ticker

    written = ticker.FixedLocator(with_room(at, *axis.get_view_interval()))
    axis.set_major_locator(written if at else ticker.LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(ticker.FixedLocator(at))
    axis.set_minor_formatter(ticker.NullFormatter())


def with_room(at: Sequence[float], low: float, high: float) -> list[float]:
    """Of rising numbers those that touch none before, on a logarithmic axis from low to high."""
    chosen = list(at[:1])
    for value in at[1:]:
        letters = (len(f"{chosen[-1]:g}") + len(f"{value:g}") + 1) / 2
        if math.log(value / chosen[-1]) > letters * LETTER * math.log(high / low):
            chosen.append(value)
    return chosen


def legend_below(page: Figure, axes: Axes) -> None:
    """One legend for all panels, of what stands on these axes."""
    handles, labels = axes.get_legend_handles_labels()
    rows = -(-len(labels) // SIDE_BY_SIDE)
    below = page.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=-(-len(labels) // rows),
        handlelength=2.6,
    )
    as_text(below.get_texts())


def as_text(labels: Iterable[Text]) -> None:
    """Whatever users call their variants: no dollar begins a formula."""
    for label in labels:
        label.set_parse_math(False)
