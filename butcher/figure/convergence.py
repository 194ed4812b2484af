"""Errors over steps, both logarithmic: a method of order p comes down with slope p."""

from __future__ import annotations

from itertools import pairwise
from math import inf, isfinite, log, sqrt
from typing import TYPE_CHECKING, Any

from butcher.figure.method import FigureError, Method
from butcher.figure.style import GREY, MARKERS, colour, dash

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BELOW = 2.5
"""How many times lower than its curve a triangle stands."""


def measured(method: Method) -> list[tuple[float, float]]:
    """(h, error) by rising h, those that have a logarithm."""
    pairs = sorted(zip(method.steps, method.errors, strict=True))
    return [(h, e) for h, e in pairs if h > 0 and e > 0 and isfinite(h) and isfinite(e)]


def draw(axes: Axes, methods: list[Method]) -> None:
    """All errors on one axes, and a triangle for each order that is claimed."""
    _frame(axes)
    for place, method in enumerate(methods):
        pairs = measured(method)
        if not pairs:
            raise FigureError.of(method, "there is no error that is not zero to draw")
        steps, errors = zip(*pairs, strict=True)
        axes.plot(
            steps,
            errors,
            color=colour(place),
            linestyle=dash(place),
            marker=MARKERS[place],
            markersize=3.5,
        )
    for order in sorted({m.order for m in methods if m.order}):
        lowest = min(
            (measured(m) for m in methods if m.order == order),
            key=lambda pairs: pairs[len(pairs) // 2][1],
        )
        _triangle(axes, lowest, order)


def _frame(axes: Axes) -> None:
    """Logarithmic scales with a grid: powers of two across, of ten up."""
    from matplotlib.ticker import LogLocator, NullLocator

    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.margins(y=0.12)  # room for what stands below a triangle
    axes.set_title("Convergence")
    axes.set_xlabel("$h$")
    axes.set_ylabel("error")
    axes.xaxis.set_major_locator(LogLocator(base=2, numticks=7))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(LogLocator(base=10, numticks=9))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid(color="#dddddd", linewidth=0.4)


def _slope(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Between two points, the smaller h first; infinite where both have one h."""
    (h, error), (larger, its_error) = one, other
    return log(its_error / error) / log(larger / h) if larger > h else inf


def _triangle(axes: Axes, pairs: list[tuple[float, float]], order: int) -> None:
    """A reference slope under a curve: 1 across, `order` up."""
    if len(pairs) < 2:
        return
    # where the curve has this slope, not where rounding or a coarse step bends it
    (left, low), (right, _) = min(pairwise(pairs), key=lambda pair: abs(_slope(*pair) - order))
    low /= _BELOW
    high = low * (right / left) ** order
    axes.plot([left, right, right, left], [low, low, high, low], color=GREY, linewidth=0.7)
    style: dict[str, Any] = {"color": GREY, "fontsize": 7, "textcoords": "offset points"}
    axes.annotate("1", (sqrt(left * right), low), xytext=(0, -2), ha="center", va="top", **style)
    right_side = right, sqrt(low) * sqrt(high)
    axes.annotate(str(order), right_side, xytext=(2, 0), ha="left", va="center", **style)
