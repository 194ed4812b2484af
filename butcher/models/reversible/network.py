"""`Reversible`: blocks one after the other, of which training stores little but the last state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch._compile import _disable_dynamo

from butcher.models.reversible.inversion import inverse_matrices
from butcher.models.reversible.moment import Generators, autocast_now, tensors_of
from butcher.models.reversible.step import Passage, State, Visit

SINGLE_PRECISION = 4  # bytes


class Reversible(nn.Sequential):
    """`nn.Sequential`, but training computes activations again instead of storing them.

    From block to block goes a tensor or a tuple of tensors. The state after the last block is
    stored; the backward pass inverts block after block, and each sub-net is evaluated once more.
    The input of a block is stored where `kept` says so.

    growth  by how much inverting may amplify rounding before a state is stored instead. Only the
            blocks' own coefficients count, not their sub-nets: `drift` measures it all.

    In evaluation mode, without gradients, under the transforms of `torch.func` and with blocks
    that `fully_shard` has divided among processes this is `nn.Sequential` and nothing else.
    """

    def __init__(self, *blocks: Any, growth: float = 1000.0) -> None:
        super().__init__(*blocks)
        if not growth >= 1:
            raise ValueError(f"growth is a factor of at least 1, not {growth}")
        self.growth = growth

    def forward(self, state: State) -> State:
        """The state after the last block."""
        if self.training and torch.is_grad_enabled():
            return self._recomputing(state)
        return super().forward(state)  # type: ignore[no-any-return, no-untyped-call]

    # Else a matrix product would lose digits.
    @torch.autocast("cpu", enabled=False)  # type: ignore[untyped-decorator]
    def kept(self) -> list[bool]:
        """For each block, whether training stores its input.

        It does if the block has no inverse, a transition, hooks, or a sub-net that it evaluates
        several times; and where, on the way back from the state that is stored next, rounding
        would grow by more than `growth`. With u[n-1] = (u[n+1] - (1-k) u[n] - h f(u[n])) / k
        that is 1/|k| a block, so k near 0 needs no other care.
        """
        kept: list[bool] = []
        way: Tensor | None = None  # back from the state that is stored next
        for M in reversed(inverse_matrices(self)):
            if M is not None:
                way = M if way is None else M @ way
            if M is None or way is None or not way.abs().sum(-1).max() <= self.growth:  # or NaN
                kept.append(True)
                way = None
            else:
                kept.append(False)
        return kept[::-1]

    @torch.no_grad()
    def drift(self, state: State) -> list[float]:
        """For each block, how wrong training's backward pass has its input: 0 if it is stored.

        The largest difference over the largest entry, of a step from `state` in the present mode.
        Nothing is changed by it, no buffer and no random generator.
        """
        buffers = [(buffer, buffer.clone()) for buffer in self.buffers()]
        with Generators.now(tensors_of(state)).again():
            visits, states = [], [state]
            for visit, after in self._visits(state):
                visits.append(visit)
                states.append(after)
            back, found = tensors_of(states[-1]), []
            for visit, true in zip(visits[::-1], states[-2::-1], strict=True):
                back = tensors_of(true) if visit.keeps else visit.before(back)
                found.append(_difference(back, tensors_of(true)))
        for buffer, before in buffers:
            buffer.copy_(before)
        return found[::-1]

    def _visits(self, state: State) -> Iterator[tuple[Visit, State]]:
        """A forward pass that begins here: one visit of each block, and the state after it.

        Under autocast what stands between blocks may make a state coarser, so each is looked at.
        """
        passage = Passage(autocast_now(tensors_of(state)))
        last = len(self) - 1
        for i, (block, keeps) in enumerate(zip(self, self.kept(), strict=True)):
            coarse = any(x.dtype.itemsize < SINGLE_PRECISION for x in tensors_of(state))
            visit = Visit(block, passage, keeps or coarse, is_first=i == 0, is_last=i == last)
            state = visit(state)
            yield visit, state

    # As torch.compiler.disable, but it loads the compiler when it is called, not with this module.
    @_disable_dynamo
    def _recomputing(self, state: State) -> State:
        """The same, storing what `kept` says and the last state."""
        # Others have no size before the first call, or are shards, which `fully_shard` makes whole
        # only while their block is evaluated.
        ordinary = all(type(p) is nn.Parameter for p in self.parameters())
        if not ordinary or torch._C._are_functorch_transforms_active():
            return super().forward(state)  # type: ignore[no-any-return, no-untyped-call]
        for _, after in self._visits(state):
            state = after
        return state


def _difference(found: tuple[Tensor, ...], true: tuple[Tensor, ...]) -> float:
    """The largest difference over the largest entry."""
    most = max(float((x - y).abs().max()) for x, y in zip(found, true, strict=True))
    return most / max(float(y.abs().max()) for y in true)
