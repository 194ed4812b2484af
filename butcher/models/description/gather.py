"""From the `[model]` table of a network to its report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

import torch

from butcher.compiler import attributes
from butcher.compiler.report.words import count
from butcher.ir.graph import Graph
from butcher.ir.steps import is_step
from butcher.models.build import network as network_of
from butcher.models.build import parameters, plan, read
from butcher.models.checkpointed import Checkpointed
from butcher.models.description.measure import (
    DependsOnDataError,
    Pass,
    Shape,
    Stored,
    keep_as,
    one_pass,
    stored,
)
from butcher.models.description.report import Report, StageReport
from butcher.models.family import FAMILIES, Sample
from butcher.models.model import ModelOptions
from butcher.models.network import Network, is_block, numbers
from butcher.models.reversible import Reversible
from butcher.models.shipped import table as shipped_table
from butcher.models.stack import Stack

SINGLE = 4  # bytes of a number in single precision

ARGUMENTS = {"stage": "the argument of every evaluation", "block": "the states before every block"}
"""What `Checkpointed` stores."""


def describe(
    model: str | Mapping[str, Any],
    *,
    in_channels: int | None = None,
    size: int | None = None,
    classes: int | None = None,
) -> Report:
    """What a network is; `model` is the name of a shipped one, or a `[model]` table.

    Nothing is trained, and no weight is made. Images are `size` x `size`; what is not given is
    that of the family's paper. TableError for a wrong table, CannotRunError for images that the
    network cannot take.
    """
    name = model if isinstance(model, str) else None
    options = read(shipped_table(model) if isinstance(model, str) else model)
    usual = FAMILIES[options.family].sample
    sample = usual.changed(in_channels=in_channels, size=size, classes=classes)
    return describe_options(options, sample, name)


def describe_options(options: ModelOptions, sample: Sample, name: str | None = None) -> Report:
    """The report of the options that `read` has read."""
    asked = plan(options, sample.in_channels, sample.classes)
    network = _without_numbers(options, sample)
    shape = _input(options, sample)
    measured = _measured(network, options, sample, shape)
    passed, kept = measured.passed, measured.kept
    family, facts = FAMILIES[options.family], network.facts
    own = zip(network.blocks, asked.starting, strict=True)
    block: Any = next(block for block, starts in own if not starts)
    return Report(
        name=name,
        family=options.family,
        title=family.title,
        source=family.source,
        scheme=asked.blocks.scheme.name,
        order=block.order,
        step=_step(options, asked.blocks.emitted),
        states=tuple(block.states),
        start=asked.start,
        transition=options.transition,
        subnets=_subnets(options, asked),
        stem=options.stem,
        widths=tuple(_width(stage, network) for stage in passed.stages),
        input=shape,
        output=passed.output,
        parameters=parameters(network),
        parts=_parts(network),
        trained_scalars=_trained(network, asked.graphs),
        dead_parameters=facts.dead,
        layers=facts.layers,
        blocks=sum(facts.blocks),
        nfe=facts.nfe,
        flops=None if kept is None else passed.flops,
        multiply_adds=None if kept is None else passed.flops // 2,
        saved_maps=None if kept is None else _plain(sum(_maps(passed, kept), Fraction())),
        saved_bytes=None if kept is None else sum(kept.stages) + kept.beside,
        stages=tuple(_stages(network, passed, kept)),
        remarks=(*facts.remarks, *_remarks(network, asked.starting, kept)),
    )


# --------------------------------------------------------------------------- networks to measure


@dataclass(frozen=True)
class Measured:
    """A pass, and what training keeps: None where the data decides how many steps are made."""

    passed: Pass
    kept: Stored | None


def _measured(network: Network, options: ModelOptions, sample: Sample, shape: Shape) -> Measured:
    try:
        return Measured(one_pass(network, shape), stored(network, shape))
    except DependsOnDataError:
        fixed = _without_numbers(options.model_copy(update={"step": "fixed"}), sample)
        return Measured(one_pass(fixed, shape), None)


def _without_numbers(options: ModelOptions, sample: Sample) -> Network:
    """The network in single precision on the device `meta`."""
    with torch.device("meta"):
        network = network_of(options, sample.in_channels, sample.classes)
    if any(isinstance(stage, Reversible) for stage in network.stages.children()):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            keep_as(network, network_of(options, sample.in_channels, sample.classes))
    return network.to(torch.float32)


def _input(options: ModelOptions, sample: Sample) -> Shape:
    """The shape of one image, or of one vector where the stem is a linear map."""
    if options.stem == "linear":
        return (sample.in_channels,)
    return (sample.in_channels, sample.size, sample.size)


# --------------------------------------------------------------------------- facts


def _step(options: ModelOptions, graph: Graph) -> str:
    """How the step is held: as the table says, or the scheme's file."""
    if options.step is not None:
        return options.step
    trained = [s for s in graph.symbols if is_step(s.name) and s.kind == "learn"]
    if not trained:
        return "fixed"
    return "per-stage" if trained[0].scope == "stage" else "learned"


def _subnets(options: ModelOptions, asked: Stack) -> dict[str, Any]:
    """The sub-net of each slot, with its keys."""
    given, scheme = asked.blocks.branches, asked.blocks.scheme
    return {
        slot: (options.kinds.get(slot) or options.kind).model_dump(mode="json")
        for slot in scheme.slots
        if slot in given or slot not in scheme.linear
    }


def _width(stage: Shape, network: Network) -> int:
    return stage[-1] if network.dim == -1 else stage[0]


def _trained(network: Network, graphs: Sequence[Graph]) -> dict[str, int]:
    """How many numbers of each symbol are trained, of all blocks."""
    found: Counter[str] = Counter()
    for block, graph in zip(network.blocks, graphs, strict=True):
        symbol = {attribute: name for name, attribute in attributes(graph).items()}
        for name, parameter in block.named_parameters():
            if (attribute := name.partition(".")[0]) in symbol:
                found[symbol[attribute]] += parameter.numel()
    return dict(found)


def _parts(network: Network) -> dict[str, int]:
    """Numbers of each part, frozen ones too."""
    blocks = network.blocks
    subnets = sum(parameters(block.get_submodule("f")) for block in blocks)
    scheme = sum(p.numel() for block in blocks for p in numbers(block))
    stem, head, stages = map(parameters, (network.stem, network.head, network.stages))
    return {
        "stem": stem,
        "sub-nets": subnets,
        "transitions": stages - subnets - scheme,
        "scheme": scheme,
        "head": head,
    }


def _maps(passed: Pass, kept: Stored) -> Iterator[Fraction]:
    """What each stage stores, in maps of the shape behind it."""
    for shape, size in zip(passed.stages, kept.stages, strict=True):
        yield Fraction(size, SINGLE * prod(shape))


def _plain(number: Fraction) -> float:
    return int(number) if number.denominator == 1 else float(number)


def _stages(network: Network, passed: Pass, kept: Stored | None) -> Iterator[StageReport]:
    number = len(passed.stages)
    maps = [None] * number if kept is None else [_plain(size) for size in _maps(passed, kept)]
    sizes = [None] * number if kept is None else list(kept.stages)
    for i, stage in enumerate(network.stages.children()):
        blocks: list[Any] = [part for part in stage.children() if is_block(part)]
        yield StageReport(
            blocks=len(blocks),
            nfe=sum(block.nfe for block in blocks),
            width=_width(passed.stages[i], network),
            shape=passed.stages[i],
            parameters=parameters(stage),
            saved_maps=maps[i],
            saved_bytes=sizes[i],
        )


def _remarks(network: Network, starting: Sequence[bool], kept: Stored | None) -> Iterator[str]:
    """What the facts of the network do not say."""
    if any(starting):
        starter = type(network.blocks[starting.index(True)]).__name__
        yield f"Stages begin with other blocks: {starter}."
    if any(isinstance(stage, Reversible) for stage in network.stages.children()):
        yield "Training computes activations again where blocks invert, and does not store them."
    if isinstance(stage := network.stages[0], Checkpointed):
        yield f"Training stores {ARGUMENTS[stage.of]} and evaluates the sub-nets again."
    if network.tile is not None:
        yield f"Evaluation without gradients takes {count(network.tile, 'sample')} at a time."
    if kept is None:
        yield "The data decides how many steps are made: flops and saved maps are not known."
