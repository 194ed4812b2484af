"""The facts of a network, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from butcher.compiler.report.plain import Plain, plain


@dataclass(frozen=True)
class StageReport:
    """Blocks of one width and resolution.

    blocks, nfe  how many, and the evaluations of their sub-nets.
    width        channels of the newest values behind the stage, side by side.
    shape        of these, (C, H, W), or (T, D) of tokens and (D,) of vectors.
    parameters   numbers, frozen ones too.
    saved_maps   what training stores of the stage for the backward pass, in feature maps of
                 `shape`; None where it depends on the data.
    saved_bytes  the same in bytes of single precision, for one image.
    """

    blocks: int
    nfe: int
    width: int
    shape: tuple[int, ...]
    parameters: int
    saved_maps: float | None
    saved_bytes: int | None


@dataclass(frozen=True)
class Report:
    """What there is to know of a network before it is trained.

    name, title, source   of the network, and of the paper of its family.
    scheme, order         the method and the order that is proved of a block; None where there is
                          no claim. `remarks` say what else bears on it.
    states                what goes from block to block, newest first.
    start, transition     how states begin, and how they change shape.
    input, output         shapes of one image and of its logits.
    parameters            numbers, frozen ones too; `parts`: those of stem, sub-nets, transitions,
                          scheme and head.
    trained_scalars       the trained numbers of the scheme, by name: how many of each.
    dead_parameters       names of the parameters that have no effect.
    layers                weighted layers as the paper counts; blocks, nfe: of all stages.
    flops                 operations of one image in evaluation, those of matrix products,
                          convolutions and attention; multiply_adds: half of it.
    saved_maps            feature maps that training stores for the backward pass, of the blocks of
                          all stages, each in maps of its own stage.
    saved_bytes           for one image in single precision, stem and head included, parameters not.
    """

    name: str | None
    family: str
    title: str
    source: str
    scheme: str
    order: int | None
    step: str
    states: tuple[str, ...]
    start: str
    transition: str
    subnets: Mapping[str, Any]
    stem: str
    widths: tuple[int, ...]
    input: tuple[int, ...]
    output: tuple[int, ...]
    parameters: int
    parts: Mapping[str, int]
    trained_scalars: Mapping[str, int]
    dead_parameters: tuple[str, ...]
    layers: int
    blocks: int
    nfe: int
    flops: int | None
    multiply_adds: int | None
    saved_maps: float | None
    saved_bytes: int | None
    stages: tuple[StageReport, ...]
    remarks: tuple[str, ...]

    def as_json(self) -> Plain:
        """The same as JSON has it."""
        return plain(self)

    def __str__(self) -> str:
        """For a terminal."""
        from butcher.models.description.table import table

        return table(self)
