"""`norms`: norms against place, depth and step, over seeds, and the tables of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from butcher.laboratory.findings import Findings
from butcher.laboratory.finished import Part, images, remarks
from butcher.laboratory.groups import Group
from butcher.laboratory.norms.figure import figures
from butcher.laboratory.norms.measure import norms_of
from butcher.laboratory.norms.result import Result
from butcher.laboratory.norms.series import Series, series
from butcher.laboratory.table import Cell, Table
from butcher.laboratory.walk import stages
from butcher.models.network import Network
from butcher.training.place import cpu_threads
from butcher.training.stored import StoredRun

MEANING = (
    "F: the L2 norm of a sub-net's whole feature map, mean over the images, in evaluation mode. "
    "Update: that of u[n+1] - P(u[n]), what a block adds; P is its transition, the identity of a "
    "block that keeps the shape."
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
    tables = [_summary(results), *([_slopes(lines)] if lines else []), _places(results)]
    return Findings(
        "norms",
        "Norms of sub-nets and of updates",
        tuple(tables),
        tuple(figures(results, lines)),
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
