"""Norms against the place in the network, against depth and against step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from butcher.figure.style import GREY, PAGE, colour, dash
from butcher.laboratory.marks import (
    around,
    as_text,
    band,
    legend_below,
    line,
    plain_numbers,
    whole_numbers,
)
from butcher.laboratory.norms.result import Result
from butcher.laboratory.norms.series import UNITS, Series
from butcher.laboratory.plot import Drawing
from butcher.laboratory.statistic import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUB_NETS = r"sub-nets, $\Vert F_i(Y_i) \Vert$"
UPDATES = r"updates, $\Vert u_{n+1} - P u_n \Vert$"


def figures(results: Sequence[Result], lines: Sequence[Series]) -> Iterator[Drawing]:
    """By place; and with lines, by depth and step."""
    yield Drawing(lambda page: _by_place(page, results), PAGE, 2.9)
    if lines:
        rows = len({each.axis for each in lines})
        yield Drawing(lambda page: _by_depth(page, lines), PAGE, 2.8 * rows, "depth")


def _by_place(page: Figure, results: Sequence[Result]) -> None:
    """Sub-nets on the left, updates on the right; along the network where depths differ."""
    left, right = page.subplots(1, 2, sharey=True)
    shares = len({result.depth for result in results}) > 1
    drawn: list[Estimate] = []
    for place, result in enumerate(results):
        nets = [
            (block + net / len(of_block), result.sub_net(block, net))
            for block, of_block in enumerate(result.norms[0].sub_nets)
            for net in range(len(of_block))
        ]
        updates = [(float(b), result.block_update(b)) for b in range(result.depth)]
        drawn += [estimate for _, estimate in nets + updates]
        for axes, found in ((left, nets), (right, updates)):
            at = [(x + 0.5) / result.depth if shares else x + 1 for x, _ in found]
            band(axes, at, [estimate for _, estimate in found], place, result.label, marks=True)
    for axes, title in ((left, SUB_NETS), (right, UPDATES)):
        axes.set_title(title)
        axes.set_xlabel("place in the network, as a share of its blocks" if shares else "block")
        axes.grid(axis="y", color=GREY, alpha=0.25, linewidth=0.4)
        if shares:
            axes.set_xlim(0, 1)
        else:
            whole_numbers(axes)
    around(left, drawn, 1.6)
    plain_numbers(left.yaxis)
    left.set_ylabel("L2 norm, mean over images")
    legend_below(page, left)


def _by_depth(page: Figure, lines: Sequence[Series]) -> None:
    """F on the left, updates on the right; a row against d, one against h, with fitted slopes."""
    rows = list(dict.fromkeys(each.axis for each in lines))
    grid = page.subplots(len(rows), 2, sharex="row", sharey="row", squeeze=False)
    for axis, pair in zip(rows, grid, strict=True):
        of_axis = [each for each in lines if each.axis == axis]
        for axes, of_update in zip(pair, (False, True), strict=True):
            for place, fit in enumerate(of_axis):
                _fitted(axes, fit, place, of_update=of_update)
            axes.set_xlabel(UNITS[axis])
            axes.set_title(UPDATES if of_update else SUB_NETS)
            axes.grid(which="major", color=GREY, alpha=0.25, linewidth=0.4)
            as_text(axes.legend(fontsize=7, loc="best").get_texts())
        pair[0].set_ylabel("L2 norm, mean over images and blocks")
        pair[0].set_xscale("log")
        plain_numbers(pair[0].xaxis, sorted({x for each in of_axis for x in each.xs}))
        means = [each.means(of_update=which) for each in of_axis for which in (False, True)]
        around(pair[0], [estimate for found in means for estimate in found.values()], 2.5)
        plain_numbers(pair[0].yaxis)


def _fitted(axes: Axes, fit: Series, place: int, *, of_update: bool) -> None:
    """The means of each x with their intervals, and the fitted line."""
    found = fit.means(of_update=of_update)
    slope = fit.update_slope if of_update else fit.slope
    if not found or slope.number == 0:
        return
    xs = sorted(found)
    label = f"{fit.label}: slope {slope}"
    line(axes, xs, [found[x] for x in xs], place, label, joined=False)
    middle = math.exp(sum(math.log(x) for x in fit.xs) / len(fit.xs))
    height = fit.height(of_update=of_update)
    axes.plot(
        xs,
        [height * (x / middle) ** slope.mean for x in xs],
        color=colour(place),
        linestyle=dash(place),
        linewidth=0.8,
    )
