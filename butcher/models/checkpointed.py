"""`Checkpointed`: blocks of which training stores little and evaluates the rest again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, get_args

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.utils.checkpoint import checkpoint

from butcher.models.network import States, is_block
from butcher.models.reversible.inversion import twin
from butcher.models.reversible.moment import Moment, evaluate, evaluate_again

Of = Literal["stage", "block"]
"""What is evaluated again as one: the evaluation of a sub-net, or a whole block."""


class Checkpointed(nn.Sequential):
    """`nn.Sequential`, but training evaluates again what it would have to store.

    of  what is evaluated again as one, and so keeps its argument alone: "stage", each evaluation
        of a sub-net; "block", each block. What is no compiled block is one whole either way.

    Values, gradients, running statistics and random numbers are those of `nn.Sequential`, to the
    bit. Without gradients, in exporting and under the transforms of `torch.func` this is
    `nn.Sequential` and nothing else.
    """

    def __init__(self, *blocks: Any, of: Of = "block") -> None:
        super().__init__(*blocks)
        if of not in get_args(Of):
            raise ValueError(f'of is "stage" or "block", not {of!r}')
        self.of = of

    def forward(self, state: States) -> States:
        """The state after the last block."""
        stores = torch.is_grad_enabled() and not torch.compiler.is_exporting()
        if not stores or torch._C._are_functorch_transforms_active():
            return super().forward(state)  # type: ignore[no-any-return, no-untyped-call]
        for part in self:
            state = self._after(part, state)
        return state

    def _after(self, part: nn.Module, state: States) -> States:
        """The state after one part."""
        # A ReLU or pooling stores its value at most, and what follows stores that as well. A graph
        # of torch's has no checkpoints around the loop of a block that controls its step.
        is_loop = hasattr(part, "accepted") and torch.compiler.is_compiling()
        if is_loop or next(part.parameters(), None) is None:
            return part(state)  # type: ignore[no-any-return]
        if self.of == "stage" and is_block(part):
            return _by_stages(part, state)
        return recomputed(part, state)  # type: ignore[no-any-return]


def recomputed(module: nn.Module, *arguments: Any) -> Any:
    """The module's value, for whose gradients the arguments are stored: tensors, or one tuple."""
    is_state = len(arguments) == 1 and isinstance(arguments[0], tuple)
    given = arguments[0] if is_state else arguments
    if torch.compiler.is_compiling():  # a graph changes buffers once, whatever it computes again

        def evaluated(*given: Any) -> Any:
            return module(given) if is_state else module(*given)

        return checkpoint(evaluated, *given, use_reentrant=False)
    weights = list(module.parameters())
    # What `functional_call` lends is gone in backward; a first call that draws weights cannot be
    # made again.
    is_lent = not all(isinstance(weight, nn.Parameter) for weight in weights)
    if is_lent or any(is_lazy(x) for x in (*weights, *module.buffers())):
        return module(*arguments)
    return checkpoint(
        Evaluation(module, is_state), *given, use_reentrant=False, preserve_rng_state=False
    )


@dataclass
class Evaluation:
    """A module's evaluation that can be made again, as if it were the first time.

    is_state  whether its only argument is the tuple of all that is given.
    moment    when it was made for the first time.
    """

    module: nn.Module
    is_state: bool
    moment: Moment | None = None

    def __call__(self, *given: Any) -> Any:
        arguments = (given,) if self.is_state else given
        if self.moment is None:
            value, self.moment = evaluate(self.module, *arguments)
            return value
        return evaluate_again(self.module, self.moment, {}, *arguments)


def _by_stages(block: nn.Module, state: States) -> States:
    """The state after the block, of whose sub-nets each keeps its argument."""
    nets: Any = block.f
    made = twin(block, [partial(recomputed, net) for net in nets])
    after: States = made(state)
    for name, value in vars(made).items():  # what it notes of itself, such as steps made
        if name not in ("f", "_modules") and value is not vars(block).get(name):
            setattr(block, name, value)
    return after
