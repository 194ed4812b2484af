"""From the `[model]` table of a network to its report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import prod
from typing import Any

import torch
from torch import nn

from butcher.models.build import network as network_of
from butcher.models.build import read, stack
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
from butcher.models.network import Network, is_block
from butcher.models.reversible import Reversible
from butcher.models.shipped import table as shipped_table
from butcher.models.stack import Stack
from butcher.models.starts import usual

SINGLE = 4  # bytes of a number in single precision
PARTS = ("stem", "sub-nets", "transitions", "scheme", "head")


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
    given = {"in_channels": in_channels, "size": size, "classes": classes}
    sample = FAMILIES[options.family].sample
    sample = replace(sample, **{key: value for key, value in given.items() if value is not None})
    return describe_options(options, sample, name)


def describe_options(options: ModelOptions, sample: Sample, name: str | None = None) -> Report:
    """The report of the options that `read` has read."""
    plan = stack(options, sample.in_channels, sample.classes)
    network = _without_numbers(options, sample)
    shape = _input(options, sample)
    measured = _measured(network, options, sample, shape)
    passed, kept = measured.passed, measured.kept
    family, facts = FAMILIES[options.family], network.facts
    block: Any = network.blocks[-1]
    return Report(
        name=name,
        family=options.family,
        title=family.title,
        source=family.source,
        scheme=plan.blocks.scheme.name,
        order=block.order,
        step=_step(options, block),
        states=tuple(block.states),
        start=options.start or usual(plan.blocks),
        transition=options.transition,
        subnets=_subnets(options, plan),
        stem=options.stem,
        widths=tuple(_width(stage, network) for stage in passed.stages),
        input=shape,
        output=passed.output,
        parameters=sum(p.numel() for p in network.parameters()),
        parts=_parts(network),
        trained_scalars=_trained(network),
        dead_parameters=facts.dead,
        layers=facts.layers,
        blocks=sum(facts.blocks),
        nfe=facts.nfe,
        flops=None if kept is None else passed.flops,
        multiply_adds=None if kept is None else passed.flops // 2,
        saved_maps=None if kept is None else _plain(sum(_maps(passed, kept), Fraction())),
        saved_bytes=None if kept is None else sum(kept.stages) + kept.beside,
        stages=tuple(_stages(network, passed, kept)),
        remarks=(*facts.remarks, *_remarks(network, kept)),
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


def _step(options: ModelOptions, block: nn.Module) -> str:
    """How the step is held: as the table says, or the scheme's file."""
    if options.step is not None:
        return options.step
    own = [name for name, _ in _own(block) if _symbol(name) == "h"]
    return "fixed" if not own else "learned" if len(own) == 1 else "per-stage"


def _subnets(options: ModelOptions, plan: Stack) -> dict[str, Any]:
    """The sub-net of each slot, with its keys."""
    given, scheme = plan.blocks.branches, plan.blocks.scheme
    return {
        slot: (options.kinds.get(slot) or options.kind).model_dump(mode="json")
        for slot in scheme.slots
        if slot in given or slot not in plan.blocks.graph.linear
    }


def _width(stage: Shape, network: Network) -> int:
    return stage[-1] if network.dim == -1 else stage[0]


def _own(block: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """The numbers of the scheme: parameters of a block beside sub-nets and transitions."""
    for name, parameter in block.named_parameters():
        if name.partition(".")[0] not in {"f", "transition"}:
            yield name, parameter


def _symbol(name: str) -> str:
    """`k` of `k_free`, which is what a bounded k is made of; `h` of `h.3`."""
    return name.partition(".")[0].removesuffix("_free").rstrip("_")


def _trained(network: Network) -> dict[str, int]:
    """How many numbers of each symbol are trained, of all blocks."""
    found: Counter[str] = Counter()
    for block in network.blocks:
        for name, parameter in _own(block):
            if parameter.requires_grad:
                found[_symbol(name)] += parameter.numel()
    return dict(found)


def _parts(network: Network) -> dict[str, int]:
    """Numbers of each part, frozen ones too."""
    found = dict.fromkeys(PARTS, 0)
    for name, parameter in network.named_parameters():
        found[_part(name)] += parameter.numel()
    return found


def _part(name: str) -> str:
    """The part that a parameter of the network belongs to, by its name."""
    first, *rest = name.split(".")
    if first != "stages":
        return first
    _, where, what, *_ = rest
    if where.startswith("before") or what == "transition":
        return "transitions"
    return "sub-nets" if what == "f" else "scheme"


def _maps(passed: Pass, kept: Stored) -> Iterator[Fraction]:
    """What each stage stores, in maps of the shape behind it."""
    for shape, size in zip(passed.stages, kept.stages, strict=True):
        yield Fraction(size, SINGLE * prod(shape))


def _plain(number: Fraction) -> float:
    return int(number) if number.denominator == 1 else float(number)


def _stages(network: Network, passed: Pass, kept: Stored | None) -> Iterator[StageReport]:
    count = len(passed.stages)
    maps = [None] * count if kept is None else [_plain(size) for size in _maps(passed, kept)]
    sizes = [None] * count if kept is None else list(kept.stages)
    for i, stage in enumerate(network.stages.children()):
        blocks: list[Any] = [part for part in stage.children() if is_block(part)]
        yield StageReport(
            blocks=len(blocks),
            nfe=sum(block.nfe for block in blocks),
            width=_width(passed.stages[i], network),
            shape=passed.stages[i],
            parameters=sum(p.numel() for p in stage.parameters()),
            saved_maps=maps[i],
            saved_bytes=sizes[i],
        )


def _remarks(network: Network, kept: Stored | None) -> Iterator[str]:
    """What the facts of the network do not say."""
    starters = {type(b).__name__ for b in network.blocks} - {type(network.blocks[-1]).__name__}
    if starters:
        yield f"Stages begin with other blocks: {', '.join(sorted(starters))}."
    if any(isinstance(stage, Reversible) for stage in network.stages.children()):
        yield "Training computes activations again where blocks invert, and does not store them."
    if kept is None:
        yield "The data decides how many steps are made: flops and saved maps are not known."
