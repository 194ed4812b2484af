"""A report as a table for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from butcher.compiler.report.table import aligned
from butcher.compiler.report.words import Row, count
from butcher.errors import readable
from butcher.models.description.report import Report
from butcher.models.starts import STARTS
from butcher.models.transitions import TRANSITIONS

NAMES_SHOWN = 6
"""Parameters without effect that a table names; `--json` has all of them."""


def table(report: Report) -> str:
    """Blocks of facts, each line with its break."""
    title = f"{report.name or report.family}: {report.title}, {report.source}"
    blocks = [
        (title, _method(report)),
        ("Size", _size(report)),
        ("Cost of an image", _cost(report)),
        ("Stages", _stages(report)),
    ]
    lines: list[str] = []
    for heading, rows in blocks:
        shown = [(label, value) for label, value in rows if value]
        if shown:
            lines += [*([""] if lines else []), readable(heading), *aligned(shown)]
    if report.remarks:
        lines += ["", *aligned(("note", remark) for remark in report.remarks)]
    return "".join(f"{line}\n" for line in lines)


def _method(report: Report) -> Iterator[Row]:
    yield "scheme", f"{report.scheme}, {_order(report)}, step {report.step}"
    yield "states", ", ".join(report.states)
    if len(report.states) > 1:
        yield "start", f"{report.start}: {STARTS[report.start].source}"
    yield "sub-nets", ", ".join(f"{slot}: {_kind(kind)}" for slot, kind in report.subnets.items())
    yield "stem", report.stem
    yield "transition", f"{report.transition}: {TRANSITIONS[report.transition].source}"


def _size(report: Report) -> Iterator[Row]:
    yield "input, output", f"{_shape(report.input)}, {_shape(report.output)}"
    yield "layers", str(report.layers)
    yield "blocks", f"{report.blocks}, {count(report.nfe, 'evaluation')} of sub-nets"
    yield "parameters", f"{report.parameters:,}"
    yield "of these", ", ".join(f"{part} {n:,}" for part, n in report.parts.items() if n)
    yield "trained scalars", ", ".join(f"{n} {k}" for k, n in report.trained_scalars.items())
    dead = list(report.dead_parameters)
    rest = f" and {len(dead) - NAMES_SHOWN} more" if len(dead) > NAMES_SHOWN else ""
    yield "without effect", ", ".join(dead[:NAMES_SHOWN]) + rest


def _cost(report: Report) -> Iterator[Row]:
    if report.flops is not None:
        yield "flops", f"{report.flops:,}, {report.multiply_adds:,} multiply-adds"
    if report.saved_maps is not None and report.saved_bytes is not None:
        maps = f"{report.saved_maps:,.6g} maps in the blocks"
        yield "saved in training", f"{maps}, {report.saved_bytes / 2**20:,.4g} MiB in all"


def _stages(report: Report) -> Iterator[Row]:
    for number, stage in enumerate(report.stages, start=1):
        saved = "" if stage.saved_maps is None else f", {stage.saved_maps:,.6g} maps saved"
        blocks = f"{count(stage.blocks, 'block')}, {stage.parameters:,} parameters{saved}"
        yield str(number), f"{_shape(stage.shape)}, {blocks}"


def _order(report: Report) -> str:
    return "no order is proved" if report.order is None else f"order {report.order}"


def _kind(kind: dict[str, Any]) -> str:
    """`grouped (cardinality 16, width 4)`."""
    keys = ", ".join(
        f"{key} {value['kind'] if isinstance(value, dict) else value}"
        for key, value in kind.items()
        if key != "kind" and value
    )
    return f"{kind['kind']} ({keys})" if keys else str(kind["kind"])


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
