"""A batch on its way through the blocks of a network, some of which may be exchanged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from butcher.models.network import Network, States, is_block

Part = Callable[[States], States]
"""A block, or what stands between blocks: a ReLU, a transition."""


def parts(network: Network) -> list[Any]:
    """What the states go through, all stages in one row."""
    return [part for stage in network.stages.children() for part in stage.children()]


def places(network: Network) -> list[int]:
    """Which of the `parts` are blocks."""
    return [place for place, part in enumerate(parts(network)) if is_block(part)]


def stages(network: Network) -> list[int]:
    """The stage of every block, counted from 1."""
    return [
        number
        for number, stage in enumerate(network.stages.children(), start=1)
        for part in stage.children()
        if is_block(part)
    ]


class Walk:
    """The states of one batch before and behind every part, in evaluation mode.

    Nothing of the network is changed: what takes the place of a part is called instead of it.
    """

    def __init__(self, network: Network, x: Tensor) -> None:
        self.network, self.parts = network, parts(network)
        self.first = places(network)[0]
        self.stemmed: States = network.stem(x)
        self.states = [self._begin(self.parts[self.first])]
        for part in self.parts:
            self.states.append(part(self.states[-1]))

    def logits(self, others: Sequence[Any]) -> Tensor:
        """Of the network with these parts, (N, classes): parts alike at the front are not
        evaluated again."""
        pairs = zip(self.parts, others, strict=True)
        begin = next((i for i, (part, other) in enumerate(pairs) if part is not other), None)
        if begin is None:
            return self._head(self.states[-1])
        state = self.states[begin]
        if begin <= self.first and others[self.first] is not self.parts[self.first]:
            begin, state = 0, self._begin(others[self.first])
        for other in others[begin:]:
            state = other(state)
        return self._head(state)

    def _begin(self, block: Any) -> States:
        """The first states: as `Network.begin`, by the start of another block."""
        if isinstance(self.stemmed, Tensor) and len(block.states) > 1:
            return block.start(self.stemmed)  # type: ignore[no-any-return]
        return self.stemmed

    def _head(self, state: States) -> Tensor:
        return self.network.forward_head(self.network.value(state))


def shapes(state: States) -> tuple[torch.Size, ...]:
    """Of each value, without the number of samples."""
    tensors = (state,) if isinstance(state, Tensor) else state
    return tuple(u.shape[1:] for u in tensors)
