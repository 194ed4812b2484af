"""From a trained network to one with twice the blocks and half the step, for the same equation.

Chang, Meng, Haber, Tung, Begert (2018), arXiv:1710.10348, section 4: blocks are steps of an
ordinary differential equation, so a network of twice as many steps half as long begins where the
trained one is.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from butcher.models.network import Network, is_block, numbers

STEP = ("h", "h_free")
"""The attributes that hold a learned step, with bounds the second."""


class RefineError(ValueError):
    """A network cannot go on as one of twice the blocks. Says why, and what to do."""


def donors(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[int | None]:
    """For each block of a stage with twice the blocks the old one that it copies, from 0.

    old, new  the kind of each block: the weights of one fit another of its kind.

    Old block j becomes new 2j and 2j+1. Where one of these is of another kind, as the second block
    of a stage whose first changes shape, the nearest old block of its kind takes the place, the
    later of two. None: there is none. (Chang et al., counted from 1: [1, 2] -> [1, 2, 2, 2].)
    """
    return [_nearest(index // 2, kind, old) for index, kind in enumerate(new)]


def _nearest(wanted: int, kind: Hashable, old: Sequence[Hashable]) -> int | None:
    places = [place for place, other in enumerate(old) if other == kind]
    return min(places, key=lambda place: (abs(place - wanted), -place), default=None)


@torch.no_grad()
def interpolate(coarse: Network, fine: Network, *, fresh: bool = False) -> None:
    """Write into `fine`, of twice the blocks and half the step, what `coarse` has learned.

    Blocks are copied as `donors` says: weights, running statistics, and the numbers of the scheme.
    A trained step becomes half of what it was, inside its bounds. Stem and head are copied. A
    number that nothing depended on, as the k of a block whose states are equal, has learned
    nothing: that of the nearest block where it has an effect takes its place.

    fresh  leave the start values of blocks that have none of their kind to copy.

    RefineError where there is no such block, where `fine` is no refinement of `coarse`, and where
    the scheme has no step. Nothing is written then.
    """
    pairs = check(coarse, fine, fresh=fresh)
    halves = [_halved(coarse.blocks.index(of) + 1, of) for of, _ in pairs]
    for part in _others(coarse):
        fine.get_submodule(part).load_state_dict(coarse.get_submodule(part).state_dict())
    for (of, block), steps in zip(pairs, halves, strict=True):
        block.load_state_dict(of.state_dict())
        for name, value in (_instead_of_dead(coarse, of) | steps).items():
            block.get_parameter(name).copy_(value)


def check(
    coarse: Network, fine: Network, *, fresh: bool = False
) -> list[tuple[nn.Module, nn.Module]]:
    """The blocks of `fine` that copy one, each behind that one.

    Raises what `interpolate` raises but for learned steps; the networks may be without numbers,
    on the device `meta`.
    """
    pairs = list(_pairs(coarse, fine, fresh=fresh))
    for part in _others(coarse):
        _same(coarse.get_submodule(part), fine.get_submodule(part), part)
    return pairs


def stages(network: Network) -> list[list[nn.Module]]:
    """The blocks of each stage."""
    return [[p for p in stage.children() if is_block(p)] for stage in network.stages.children()]


def kind(block: nn.Module) -> Hashable:
    """Equal for blocks that may be copies of each other: class, sub-nets, transition, sizes."""
    parts = ((name, str(part)) for name, part in block.named_children())
    own = tuple((name, text) for name, text in parts if name in ("f", "transition"))
    sizes = tuple((name, tuple(value.shape)) for name, value in block.state_dict().items())
    return type(block), own, sizes


# --------------------------------------------------------------------------- which to which


def _pairs(coarse: Network, fine: Network, *, fresh: bool) -> Iterator[tuple[nn.Module, nn.Module]]:
    """An old block and a new one that copies it."""
    old, new = stages(coarse), stages(fine)
    if [2 * len(blocks) for blocks in old] != [len(blocks) for blocks in new]:
        raise RefineError(
            f"{_lengths(new)} blocks are not twice {_lengths(old)}: every stage doubles"
        )
    for number, (before, after) in enumerate(zip(old, new, strict=True), start=1):
        found = donors([kind(block) for block in before], [kind(block) for block in after])
        for place, donor in enumerate(found):
            if donor is None and not fresh:
                raise RefineError(_without_donor(number, place, before))
            if donor is not None:
                _check_half(before[donor], after[place])
                yield before[donor], after[place]


def _without_donor(stage: int, place: int, before: Sequence[nn.Module]) -> str:
    if len(before) == 1:
        return (
            f"stage {stage} has one block, which is unlike those that follow it (it changes shape, "
            "or begins the stage): they have none to copy; begin with two blocks a stage, or let "
            "new blocks start afresh (--fresh)"
        )
    return (
        f"block {place + 1} of stage {stage} has none of its kind and shape to copy: where every "
        "block has a shape of its own, twice the blocks are another network"
    )


def check_step(block: nn.Module) -> None:
    """RefineError for a block without a step."""
    if not hasattr(block, "h"):
        raise RefineError(
            f"{type(block).__name__} has no step h: two of its blocks do twice the work of one, "
            "not the same; take a scheme that has one"
        )


def _check_half(of: Any, block: Any) -> None:
    """A fixed step is half of the donor's."""
    check_step(of)
    if isinstance(of.h, int | float) and float(block.h) != float(of.h) / 2:
        raise RefineError(
            f"a new block has the step {block.h:g}, half of {of.h:g} is {of.h / 2:g}: build the "
            f"network with h = {of.h / 2:g}"
        )


def _others(network: Network) -> Iterator[str]:
    """Stem, head, and what stands between blocks, by name."""
    yield "stem"
    yield "head"
    for number, stage in enumerate(network.stages.children()):
        for name, part in stage.named_children():
            if not is_block(part) and part.state_dict():
                yield f"stages.{number}.{name}"


def _same(of: nn.Module, part: nn.Module, name: str) -> None:
    sizes = [{k: tuple(v.shape) for k, v in m.state_dict().items()} for m in (of, part)]
    if sizes[0] != sizes[1]:
        raise RefineError(
            f"the two networks differ in {name}: they must be alike but for blocks and step, and "
            "where every block adds channels twice the blocks are another network"
        )


def _lengths(stages: Sequence[Sequence[nn.Module]]) -> str:
    return "-".join(str(len(blocks)) for blocks in stages)


# --------------------------------------------------------------------------- numbers of schemes


def _instead_of_dead(network: Network, block: nn.Module) -> dict[str, Tensor]:
    """For each number that was trained without effect that of the nearest block with an effect."""
    dead = {network.get_parameter(name) for name in network.facts.dead}
    wanted = [name for name, number in _own(block) if number in dead and number.requires_grad]
    if not wanted:
        return {}
    every = network.blocks
    at = every.index(block)
    near = sorted(range(len(every)), key=lambda place: (abs(place - at), -place))
    found: dict[str, Tensor] = {}
    for place in near:
        for name, number in _own(every[place]):
            if name in wanted and number not in dead:
                found.setdefault(name, number.detach())
    return found


def _own(block: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """The scheme's numbers of a block, by name."""
    wanted = set(numbers(block))
    return ((n, parameter) for n, parameter in block.named_parameters() if parameter in wanted)


def _halved(number: int, block: Any) -> dict[str, Tensor]:
    """What half of each trained step of a block is stored as, by the parameter's name."""
    return {
        name: _stored(number, block, name)
        for name, _ in _own(block)
        if name.partition(".")[0] in STEP
    }


def _stored(number: int, block: Any, name: str) -> Tensor:
    """The class itself maps a start value h to what it stores."""
    place = name.partition(".")[2]
    half = float(block.h[int(place)] if place else block.h) / 2
    try:
        return type(block)(nn.Identity, h=half).get_parameter(name)  # type: ignore[no-any-return]
    except ValueError as wrong:
        raise RefineError(
            f"block {number} learned the step {2 * half:g}, and half of it cannot be: {wrong}; "
            "write wider bounds in the scheme's file"
        ) from None
