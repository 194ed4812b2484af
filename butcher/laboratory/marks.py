"""What figures of results have in common: means with bars, whole numbers, the legend below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from butcher.figure.style import MARKERS, colour, dash
from butcher.laboratory.statistic import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIDE_BY_SIDE = 3
"""Entries of a legend in a row."""


def line(
    axes: Axes,
    at: Sequence[float],
    found: Sequence[Estimate],
    place: int,
    label: str,
    *,
    joined: bool = True,
) -> None:
    """Means, with their intervals as bars where they are known; `place` chooses the colour.

    No bar of a positive mean reaches 0, which a logarithmic axis does not have.
    """
    low = [e.mean - max(e.low, 0.02 * e.mean) if e.is_interval else 0.0 for e in found]
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
    """No ticks between the numbers of blocks."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def legend_below(page: Figure, axes: Axes) -> None:
    """One legend for all panels, of what stands on these axes."""
    handles, labels = axes.get_legend_handles_labels()
    page.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=min(SIDE_BY_SIDE, len(labels)),
        handlelength=2.6,
    )
