"""`norms`: norms against place, depth and step, over seeds, as tables and figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from butcher.figure.style import GREY, PAGE, colour, dash
from butcher.laboratory.findings import Findings
from butcher.laboratory.finished import Part, images, remarks
from butcher.laboratory.groups import Group
from butcher.laboratory.marks import (
    around,
    as_text,
    band,
    legend_below,
    line,
    plain_numbers,
    whole_numbers,
)
from butcher.laboratory.norms.measure import Norms, norms_of
from butcher.laboratory.norms.series import UNITS, Point, Series, series
from butcher.laboratory.plot import Drawing
from butcher.laboratory.statistic import NOTHING, Estimate, mean_of
from butcher.laboratory.table import Cell, Table
from butcher.laboratory.walk import stages
from butcher.models.network import Network
from butcher.training.place import cpu_threads
from butcher.training.recipe import Recipe
from butcher.training.stored import StoredRun

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MEANING = (
    "F: the L2 norm of a sub-net's whole feature map, mean over the images, in evaluation mode. "
    "Update: that of u[n+1] - P(u[n]), what a block adds; P is its transition, the identity of a "
    "block that keeps the shape."
)


SUB_NETS = r"sub-nets, $\Vert F_i(Y_i) \Vert$"
UPDATES = r"updates, $\Vert u_{n+1} - P u_n \Vert$"


@dataclass(frozen=True)
class Result:
    """The runs of one recipe.

    stages  of every block, counted from 1.
    h       the step of its blocks; None where it is trained, or there is none.
    """

    label: str
    recipe: Recipe
    seeds: tuple[int, ...]
    stages: tuple[int, ...]
    h: float | None
    norms: tuple[Norms, ...]

    @property
    def depth(self) -> int:
        """In blocks."""
        return len(self.stages)

    @property
    def mean(self) -> Estimate:
        return mean_of([run.mean for run in self.norms])

    @property
    def update(self) -> Estimate:
        return _mean([run.update for run in self.norms])

    @property
    def path(self) -> Estimate:
        """The updates of all blocks, added up."""
        return _mean([sum(run.updates) for run in self.norms])

    def sub_net(self, block: int, net: int) -> Estimate:
        return mean_of([run.sub_nets[block][net] for run in self.norms])

    def block_update(self, block: int) -> Estimate:
        return _mean([run.updates[block] for run in self.norms])

    @property
    def points(self) -> tuple[Point, ...]:
        """One a run."""
        return tuple(
            Point(self.label, seed, self.depth, self.h, run.mean, run.update)
            for seed, run in zip(self.seeds, self.norms, strict=True)
        )


def norms(
    groups: Sequence[Group[StoredRun]],
    *,
    part: Part = "validation",
    progress: Callable[[str], None] = lambda line: None,
) -> Findings:
    """How large sub-nets' values and blocks' updates are, by place, depth and step."""
    results = [_result(group, part, progress) for group in groups]
    lines = series([(result.recipe, result.points) for result in results])
    figures = [Drawing(lambda page: _by_place(page, results), PAGE, 2.9)]
    if lines:
        rows = len({each.axis for each in lines})
        figures.append(Drawing(lambda page: _by_depth(page, lines), PAGE, 2.8 * rows, "depth"))
    tables = [_summary(results), *([_slopes(lines)] if lines else []), _places(results)]
    return Findings(
        "norms",
        "Norms of sub-nets and of updates",
        tuple(tables),
        tuple(figures),
        raw={"part": part, "groups": [_raw(result) for result in results]},
        remarks=(MEANING, *remarks(part)),
    )


def _result(group: Group[StoredRun], part: Part, progress: Callable[[str], None]) -> Result:
    found = []
    for run in group.runs:
        progress(f"{group.label}, seed {run.recipe.train.seed}")
        with cpu_threads(run.recipe.train.threads):
            found.append(norms_of(run.network(), images(run.data(), part)))
    laid = group.runs[0].network()
    return Result(
        group.label, group.recipe, group.seeds, tuple(stages(laid)), step_of(laid), tuple(found)
    )


def step_of(network: Network) -> float | None:
    """The fixed step of the last block, as the first may be another method's; None without one."""
    h = getattr(network.blocks[-1], "h", None)
    return float(h) if isinstance(h, int | float) else None


def _mean(values: list[float]) -> Estimate:
    """Of no value where one is nan: blocks without a way past their sub-nets."""
    return NOTHING if any(map(math.isnan, values)) else mean_of(values)


# --------------------------------------------------------------------------- tables


def _summary(results: Sequence[Result]) -> Table:
    rows = [
        (
            result.label,
            len(result.norms),
            result.depth,
            "trained" if result.h is None else result.h,
            result.mean,
            result.update,
            result.path,
        )
        for result in results
    ]
    return Table(
        "Means over blocks",
        ("network", "runs", "blocks d", "h", "F", "update", "sum of updates"),
        tuple(rows),
        ("Intervals of 95 % over seeds.",),
    )


def _slopes(lines: Sequence[Series]) -> Table:
    rows = [
        (each.label, f"log norm by log {each.axis}", each.slope, each.update_slope)
        for each in lines
    ]
    return Table(
        "Slopes",
        ("networks", "slope of", "F", "update"),
        tuple(rows),
        (
            "Least squares through all runs. -1 is a norm that falls as 1/d, 0 one that does not "
            "depend on d; where h d is held, as when a network is made finer, a sub-net that "
            "samples one function of time keeps its norm, and updates fall as h.",
        ),
        name="slopes",
    )


def _places(results: Sequence[Result]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for result in results:
        for block, stage in enumerate(result.stages):
            nets = range(len(result.norms[0].sub_nets[block]))
            for net in nets:
                rows.append(
                    (
                        result.label,
                        stage,
                        block + 1,
                        f"f{net + 1}" if len(nets) > 1 else "f",
                        result.sub_net(block, net),
                        result.block_update(block) if net == 0 else None,
                    )
                )
    return Table(
        "Norms by place",
        ("network", "stage", "block", "sub-net", "F", "update of the block"),
        tuple(rows),
        name="places",
    )


def _raw(result: Result) -> dict[str, Any]:
    return {
        "label": result.label,
        "seeds": result.seeds,
        "blocks": result.depth,
        "h": result.h,
        "norms": [asdict(run) for run in result.norms],
    }


# --------------------------------------------------------------------------- figures


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
