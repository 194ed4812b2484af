"""Accuracy against training time, level after level and in one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from butcher.figure.style import COLUMN, GREY, colour, dash
from butcher.laboratory.accuracy_axis import inside, set_accuracy_axis
from butcher.laboratory.marks import band
from butcher.laboratory.plot import Drawing
from butcher.laboratory.statistic import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Curve:
    """One way of training: seconds and accuracy after every epoch, and when its cycles ended."""

    label: str
    seconds: tuple[float, ...]
    accuracies: tuple[Estimate, ...]
    ends: tuple[float, ...]


def figure(curves: Sequence[Curve], part: str) -> Drawing:
    """Means with their intervals, of this part of the data; a mark where blocks doubled."""

    def draw(page: Figure) -> None:
        axes = page.subplots()
        for place, curve in enumerate(curves):
            _drawn(axes, place, curve)
        set_accuracy_axis(axes, [a.mean for curve in curves for a in curve.accuracies])
        axes.set_xlim(left=0)
        axes.set_xlabel("training time, s")
        axes.set_ylabel(f"{part} accuracy, %")
        axes.legend(loc="lower right")

    return Drawing(draw, COLUMN, 2.5)


def _drawn(axes: Axes, place: int, curve: Curve) -> None:
    band(axes, curve.seconds, curve.accuracies, place, curve.label, on=inside)
    at = dict(zip(curve.seconds, curve.accuracies, strict=True))
    for end in curve.ends:
        axes.plot([end], [inside(at[end].mean)], marker="v", markersize=4, color=colour(place))
        axes.axvline(end, color=GREY, linewidth=0.5, linestyle=dash(3))
