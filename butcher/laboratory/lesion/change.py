"""A lesion: blocks that make no step, sub-nets that are silent, blocks in another order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from butcher.laboratory.dropped import Dropped
from butcher.laboratory.walk import places
from butcher.models.network import Network
from butcher.models.reversible.inversion import twin


@dataclass(frozen=True)
class Lesion:
    """What is done to a network. Blocks are counted from 0 through all stages.

    dropped  blocks that make no step, see `Dropped`.
    silent   (block, sub-net): this sub-net's values are zero wherever the block uses it.
    order    for each block which one stands in its place; None: as they are.
    number   how many blocks or sub-nets were taken away, or pairs exchanged.
    tau      Kendall's correlation of the order with that of training; 1 is the same order.
    """

    dropped: tuple[int, ...] = ()
    silent: tuple[tuple[int, int], ...] = ()
    order: tuple[int, ...] | None = None
    number: int = 1
    tau: float = 1.0

    def applied(self, network: Network, parts: list[Any]) -> list[Any]:
        """Other parts in the places of some; neither the network nor its parts are changed."""
        where = places(network)
        made = list(parts)
        for place, other in zip(where, self.order or range(len(where)), strict=True):
            made[place] = parts[where[other]]
        for block in self.dropped:
            made[where[block]] = Dropped(parts[where[block]], network.newest)
        for block in {block for block, _ in self.silent}:
            nets = {net for other, net in self.silent if other == block}
            made[where[block]] = silenced(parts[where[block]], nets)
        return made


def silenced(block: Any, silent: set[int]) -> Any:
    """The block with zero for what these of its sub-nets give; shares all its weights."""
    nets = [_zero(net) if i in silent else net for i, net in enumerate(block.f)]
    return twin(block, nets)


def _zero(net: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Zero, in the shape that only the sub-net knows."""
    return lambda *arguments: torch.zeros_like(net(*arguments))
