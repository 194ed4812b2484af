"""The numbers of a scheme that training changes: steps, multistep coefficients, weights."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from butcher.models.network import Network, numbers
from butcher.training.several import ALONE, Alone


def values(network: Network, group: Alone = ALONE) -> list[tuple[int, str, float]]:
    """(block, name, value) of every trained number of the scheme, in the scheme's own units.

    Blocks are counted from 1 through all stages. A number is named as in the emitted class: `k`,
    `h`, and `h[0]`, `h[1]`, ... where each stage has its own step. One with bounds is given inside
    them, not as the free number that is stored. Of one per channel there are three, `a mean`,
    `a min`, `a max`. Numbers on which the network does not depend are left out, as the k of a
    block whose two states are equal.
    """
    parameters = dict(network.named_parameters())
    dead = {parameters[name] for name in network.facts.dead}
    return [
        (index, name, value)
        for index, block in enumerate(network.blocks, start=1)
        for parameter, name, tensor in _trained(block)
        if parameter not in dead
        for name, value in _shown(name, group.whole(tensor))
    ]


def _trained(block: nn.Module) -> Iterator[tuple[nn.Parameter, str, Tensor]]:
    """Every trained number with its name and its value inside its bounds."""
    stored = {parameter: name for name, parameter in block.named_parameters()}
    for parameter in numbers(block):
        if not parameter.requires_grad:
            continue
        attribute, _, place = stored[parameter].partition(".")
        name = meaning(block, attribute)
        held = getattr(block, name)
        yield parameter, f"{name}[{place}]" if place else name, held[int(place)] if place else held


def meaning(block: nn.Module, attribute: str) -> str:
    """What a stored number is called: `a` of `a_free`, where the class maps it into bounds."""
    name, free, _ = attribute.rpartition("_free")
    mapped = free and isinstance(getattr(type(block), name, None), property)
    return name if mapped else attribute


def _shown(name: str, tensor: Tensor) -> list[tuple[str, float]]:
    """One number as it is, several by their mean and their extremes."""
    tensor = tensor.detach().double()
    if tensor.numel() == 1:
        return [(name, tensor.item())]
    low, high = torch.aminmax(tensor)
    return [
        (f"{name} mean", tensor.mean().item()),
        (f"{name} min", low.item()),
        (f"{name} max", high.item()),
    ]
