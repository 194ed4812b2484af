"""Norms of what sub-nets give and of what blocks add, in evaluation mode."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from statistics import fmean
from typing import Any

import torch
from torch import Tensor

from butcher.laboratory.dropped import Dropped
from butcher.laboratory.walk import parts, shapes
from butcher.models.network import Network, States, is_block
from butcher.models.reversible.inversion import twin
from butcher.training.data import Split, still

BATCH = 64


@dataclass(frozen=True)
class Norms:
    """Of one run: L2 norms of whole feature maps, means over the images.

    sub_nets  of each block, of each of its sub-nets: ||F_i(Y_i)||, the mean over its uses.
    updates   of each block: ||u[n+1] - P(u[n])||, P its transition; nan where P is not there.
    """

    sub_nets: tuple[tuple[float, ...], ...]
    updates: tuple[float, ...]

    @property
    def mean(self) -> float:
        """||F||: over blocks, of each the mean over its sub-nets."""
        return fmean(fmean(block) for block in self.sub_nets)

    @property
    def update(self) -> float:
        """Over blocks."""
        return fmean(self.updates)


@torch.no_grad()
def norms_of(network: Network, split: Split) -> Norms:
    """Over all images of a part."""
    network.eval()
    batches = [list(_of_blocks(network, x)) for x, _ in still(split, BATCH)]
    blocks = list(zip(*batches, strict=True))  # of each block what every batch gave
    nets = (zip(*(found for found, _ in block), strict=True) for block in blocks)
    return Norms(
        tuple(tuple(sum(net) / len(split) for net in block) for block in nets),
        tuple(sum(update for _, update in block) / len(split) for block in blocks),
    )


def _of_blocks(network: Network, x: Tensor) -> Iterator[tuple[list[float], float]]:
    """Of each block the norms of its sub-nets and of its update, summed over a batch."""
    state = network.begin(x)
    for part in parts(network):
        if not is_block(part):
            state = part(state)
            continue
        nets, after = _observed(part, state)
        before = network.value(Dropped(part, network.newest)(state))
        value = network.value(after)
        is_there = shapes(before) == shapes(value)
        yield nets, _summed(value - before) if is_there else math.nan
        state = after


def _observed(block: Any, state: States) -> tuple[list[float], States]:
    """The norms of a block's sub-nets, summed over a batch, and the state behind it."""
    seen: list[list[float]] = [[] for _ in block.f]

    def observed(i: int, net: Callable[..., Tensor], *arguments: Any) -> Tensor:
        value = net(*arguments)
        seen[i].append(_summed(value))
        return value

    after = twin(block, [partial(observed, i, net) for i, net in enumerate(block.f)])(state)
    return [fmean(each) for each in seen], after


def _summed(value: Tensor) -> float:
    """The L2 norm of every sample, summed."""
    return float(value.flatten(1).double().norm(dim=1).sum())
