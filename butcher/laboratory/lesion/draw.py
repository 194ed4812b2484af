"""Which lesions: each single one, and draws of several, the same for all runs of one layout."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Tensor

from butcher.laboratory.dropped import Dropped
from butcher.laboratory.lesion.change import Lesion
from butcher.laboratory.walk import Walk, places, shapes, stages
from butcher.models.network import Network

What = Literal["block", "evaluation", "shuffle"]

NUMBERS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
"""How many are taken away together, as far as there are so many."""


@dataclass(frozen=True)
class Layout:
    """What can be done to the blocks of a network, which are counted from 0.

    stages     of every block, counted from 1.
    changes    the blocks that change the shape of a state.
    droppable  those that have a way past their sub-nets.
    nets       (block, sub-net) of all.
    alike      sets of blocks of one stage that fit into each other's place.
    """

    stages: tuple[int, ...]
    changes: frozenset[int]
    droppable: tuple[int, ...]
    nets: tuple[tuple[int, int], ...]
    alike: tuple[tuple[int, ...], ...]

    def single(self, what: What) -> list[Lesion]:
        """Each block or sub-net alone; in an order, each pair of neighbours exchanged."""
        if what == "block":
            return [Lesion(dropped=(block,)) for block in self.droppable]
        if what == "evaluation":
            return [Lesion(silent=(net,)) for net in self.nets]
        return [
            self._ordered([pair], number=1) for blocks in self.alike for pair in pairwise(blocks)
        ]

    def several(self, what: What, draws: int, seed: int = 0) -> dict[int, list[Lesion]]:
        """By their number, so many draws of lesions; where one is all there is, that one."""
        rolled = random.Random(seed)
        if what == "shuffle":
            pairs = [(a, b) for blocks in self.alike for a in blocks for b in blocks if a < b]
            most = sum(len(blocks) for blocks in self.alike)
            return {
                number: [
                    self._ordered(rolled.choices(pairs, k=number), number=number)
                    for _ in range(draws)
                ]
                for number in NUMBERS
                if number <= most
            }
        every: Sequence[Any] = self.droppable if what == "block" else self.nets
        return {
            number: [
                self._without(what, rolled.sample(every, number), number)
                for _ in range(1 if number == len(every) else draws)
            ]
            for number in sorted({*NUMBERS, len(every)})
            if 1 < number <= len(every)
        }

    def name(self, lesion: Lesion) -> str:
        """The block that a single lesion changes: `block 3`, `block 3, f2`, `blocks 3 and 4`."""
        if lesion.dropped:
            return f"block {lesion.dropped[0] + 1}"
        if lesion.silent:
            ((block, net),) = lesion.silent
            return f"block {block + 1}, f{net + 1}"
        assert lesion.order is not None
        a, b = (block for block, other in enumerate(lesion.order) if block != other)
        return f"blocks {a + 1} and {b + 1}"

    def block(self, lesion: Lesion) -> int:
        """The first block that is changed."""
        if lesion.dropped or lesion.silent:
            return min([*lesion.dropped, *(block for block, _ in lesion.silent)])
        assert lesion.order is not None
        return next(block for block, other in enumerate(lesion.order) if block != other)

    def _without(self, what: What, chosen: Sequence[Any], number: int) -> Lesion:
        if what == "block":
            return Lesion(dropped=tuple(sorted(chosen)), number=number)
        return Lesion(silent=tuple(sorted(chosen)), number=number)

    def _ordered(self, exchanged: Sequence[tuple[int, int]], number: int) -> Lesion:
        order = list(range(len(self.stages)))
        for a, b in exchanged:
            order[a], order[b] = order[b], order[a]
        return Lesion(order=tuple(order), number=number, tau=kendall(order, self.alike))


def kendall(order: Sequence[int], alike: Sequence[Sequence[int]]) -> float:
    """Kendall's tau: of all pairs that could be exchanged, those in order less those that are not,
    as a share. From 1, all in order, to -1, all reversed."""
    pairs = [order[a] < order[b] for blocks in alike for a in blocks for b in blocks if a < b]
    return (2 * sum(pairs) - len(pairs)) / len(pairs)


@torch.no_grad()
def layout(network: Network, x: Tensor) -> Layout:
    """What can be done to a network, found by sending a batch through it."""
    walk, where = Walk(network, x), places(network)
    ends = [(shapes(walk.states[i]), shapes(walk.states[i + 1])) for i in where]
    blocks: list[Any] = [walk.parts[i] for i in where]
    of_stages = tuple(stages(network))
    droppable = tuple(
        number
        for number, (i, block) in enumerate(zip(where, blocks, strict=True))
        if shapes(Dropped(block, network.newest)(walk.states[i])) == ends[number][1]
    )
    kinds: dict[Any, list[int]] = {}
    for number, (block, (before, after)) in enumerate(zip(blocks, ends, strict=True)):
        if before == after:
            kinds.setdefault((of_stages[number], before, *_kind(block)), []).append(number)
    return Layout(
        of_stages,
        frozenset(number for number, (before, after) in enumerate(ends) if before != after),
        droppable,
        tuple((number, net) for number, block in enumerate(blocks) for net in range(len(block.f))),
        tuple(tuple(blocks) for blocks in kinds.values() if len(blocks) > 1),
    )


def _kind(block: Any) -> Iterator[Any]:
    """What blocks that fit into each other's place have in common."""
    yield type(block)
    for name, tensor in block.state_dict().items():
        yield name, tensor.shape
