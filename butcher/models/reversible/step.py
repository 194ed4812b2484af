"""One block of a `Reversible` as an autograd function: its parameters in, their gradients out.

Functions of one forward pass are a chain, so every parameter's gradient is there as soon as its
block is done, and hooks such as those of DistributedDataParallel fire once each, in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from butcher.models.reversible.inversion import (
    Inversion,
    distinct,
    gradients_of,
    leaf,
    observed,
)
from butcher.models.reversible.moment import Moment, evaluate, evaluate_again, tensors_of

State = Tensor | tuple[Tensor, ...]

SECOND_DERIVATIVES = (
    "Reversible has no second derivatives, since it keeps no graph: leave create_graph out, or use "
    "torch.nn.Sequential(*reversible), which stores everything and shares the weights"
)


@dataclass
class Passage:
    """What the blocks of one forward pass have in common.

    autocast   as it was set, to be set again.
    state      where the backward pass has come to: the state before the last block undone.
    """

    autocast: Sequence[torch.autocast]
    state: tuple[Tensor, ...] = ()

    @contextmanager
    def precision(self) -> Iterator[None]:
        with ExitStack() as stack:
            for setting in self.autocast:
                stack.enter_context(setting)
            yield


@dataclass
class Visit:
    """One block in one forward pass.

    keeps      whether its input is stored; else it is inverted.
    is_first, is_last   in the sequence: the last one's result is stored, unless it keeps its input.
    names      of its parameters; some may be one tensor.
    moments    of its sub-nets; of the whole block if it keeps its input.
    lone       whether the state before it is a tensor and no tuple, and the one after.
    """

    block: nn.Module
    passage: Passage
    keeps: bool
    is_first: bool
    is_last: bool
    names: tuple[str, ...] = ()
    which: tuple[int, ...] = ()
    moments: Sequence[Moment] = ()
    lone: tuple[bool, bool] = (False, False)

    def __call__(self, state: State) -> State:
        """The block's step."""
        named = dict(self.block.named_parameters(remove_duplicate=False))
        parameters = distinct(named.values())
        place = {id(p): i for i, p in enumerate(parameters)}
        self.names, self.which = tuple(named), tuple(place[id(p)] for p in named.values())
        before = tensors_of(state)
        self.lone = (isinstance(state, Tensor), False)
        after: tuple[Tensor, ...] = Step.apply(self, len(before), *before, *parameters)
        return after[0] if self.lone[1] else after

    def step(self, before: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """The state after, and the moments on the way to it."""
        with self.passage.precision():
            if self.keeps:
                after, moment = evaluate(self.block, before[0] if self.lone[0] else before)
                self.moments = [moment]
            else:
                after, self.moments = observed(self.block, before)
        self.lone = (self.lone[0], isinstance(after, Tensor))
        return tensors_of(after)

    def before(self, after: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """The state that inverting finds, of a block that keeps none."""
        named = dict(self.block.named_parameters(remove_duplicate=False))
        with self.passage.precision():
            return Inversion(self.block, self.moments, named).before(after)

    def step_again(
        self, stored: tuple[Tensor, ...], leaves: Sequence[Tensor], needed: Sequence[bool]
    ) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """The state before, as leaves of which `needed` ask for gradients, and the one after.

        stored    the state before if it was kept, else the one after.
        leaves    what takes the places of the parameters.
        """
        parameters = {name: leaves[i] for name, i in zip(self.names, self.which, strict=True)}
        with self.passage.precision(), torch.enable_grad():
            if self.keeps:
                before = tuple(map(leaf, stored, needed))
                given = before[0] if self.lone[0] else before
                after = evaluate_again(self.block, self.moments[0], parameters, given)
            else:
                inversion = Inversion(self.block, self.moments, parameters)
                before = tuple(map(leaf, inversion.before(stored), needed))
                after = inversion.forward(before)
        return before, tensors_of(after)


class Step(torch.autograd.Function):
    """The step of a visit: from the states before and the parameters to the states after."""

    @staticmethod
    def forward(ctx: Any, visit: Visit, states: int, *tensors: Tensor) -> tuple[Tensor, ...]:
        before, parameters = tensors[:states], tensors[states:]
        after = visit.step(before)
        kept = before if visit.keeps else after if visit.is_last else ()
        # The parameters, too, so that autograd notices one that is changed before the way back.
        ctx.save_for_backward(*kept, *parameters)
        ctx.set_materialize_grads(False)
        ctx.visit, ctx.states, ctx.kept = visit, states, len(kept)
        return after

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():
            raise RuntimeError(SECOND_DERIVATIVES)
        needed = ctx.needs_input_grad[2:]
        if all(g is None for g in gradients):
            return (None,) * (2 + len(needed))
        visit: Visit = ctx.visit
        stored, parameters = ctx.saved_tensors[: ctx.kept], ctx.saved_tensors[ctx.kept :]
        leaves = tuple(map(leaf, parameters, needed[ctx.states :]))
        before, after = visit.step_again(
            stored or visit.passage.state, leaves, needed[: ctx.states]
        )
        visit.passage.state = () if visit.is_first else tuple(x.detach() for x in before)
        return (None, None, *gradients_of(after, gradients, (*before, *leaves), needed))
