"""Rises of the error against the place of a lesion, and against the number of lesions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from butcher.figure.style import GREY, MARKERS, PAGE, colour
from butcher.laboratory.lesion.draw import Layout, What
from butcher.laboratory.lesion.result import WORDS, Result
from butcher.laboratory.marks import legend_below, line, whole_numbers
from butcher.laboratory.plot import Drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def figure(results: Sequence[Result], what: What) -> Drawing:
    """Rises against the place, against the number, and of orders against Kendall's tau."""
    return Drawing(lambda page: _draw(page, results, what), PAGE, 2.9)


def _draw(page: Figure, results: Sequence[Result], what: What) -> None:
    kinds = [_against_place, _against_number, *([_against_tau] if what == "shuffle" else [])]
    panels = page.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
    for axes, kind in zip(panels, kinds, strict=True):
        for place, result in enumerate(results):
            kind(axes, result, place, what)
        axes.axhline(0, color=GREY, linewidth=0.6)
        axes.grid(axis="y", color=GREY, alpha=0.25, linewidth=0.4)
    panels[0].set_ylabel("rise of the error (points)")
    legend_below(page, panels[0])


def _against_place(axes: Axes, result: Result, place: int, what: What) -> None:
    at, found = [], []
    for i, each in enumerate(result.singles):
        block = result.layout.block(each)
        at.append(_abscissa(result.layout, each.silent[0] if each.silent else (block, None), what))
        found.append(result.rise(i))
    line(axes, at, found, place, _named(result))
    axes.set_xlabel("block" if what != "shuffle" else "block exchanged with its successor")
    axes.set_title(WORDS[what][0])
    whole_numbers(axes)


def _abscissa(laid: Layout, of: tuple[int, int | None], what: What) -> float:
    """Blocks are counted from 1; sub-nets stand evenly between a block and the next."""
    block, net = of
    if net is None:
        return block + 1
    number = sum(1 for other, _ in laid.nets if other == block)
    return block + 1 + net / number


def _named(result: Result) -> str:
    """For the legend: rises begin at the error of the whole network."""
    return f"{result.label} (whole: {result.whole.mean:.3g} %)"


def _against_number(axes: Axes, result: Result, place: int, what: What) -> None:
    numbers = list(result.errors[0].several)
    found = [result.rise_by(number) for number in numbers]
    if what != "shuffle":
        numbers, found = [1, *numbers], [result.mean_rise, *found]
    line(axes, [float(n) for n in numbers], found, place, _named(result))
    axes.set_xlabel(WORDS[what][1])
    axes.set_title(f"several {WORDS[what][1]}" if what != "shuffle" else "several pairs exchanged")
    whole_numbers(axes)


def _against_tau(axes: Axes, result: Result, place: int, what: What) -> None:
    points = [
        (each.tau, result.rise_of_draw(number, i))
        for number, lesions in result.draws.items()
        for i, each in enumerate(lesions)
    ]
    axes.plot(
        [tau for tau, _ in points],
        [error for _, error in points],
        color=colour(place),
        marker=MARKERS[place % len(MARKERS)],
        linestyle="",
        markersize=2.2,
        markeredgewidth=0,
        alpha=0.7,
    )
    axes.set_xlabel("Kendall's τ of the order")
    axes.set_title("every draw, mean of the runs")
    axes.set_xlim(1.04, min(-0.2, *(tau - 0.04 for tau, _ in points)))
