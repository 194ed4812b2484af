"""`Tiled`: evaluation of a few samples at a time, into values that are allocated once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch._compile import _disable_dynamo

State = Tensor | tuple[Tensor, ...]


class Tiled(nn.Sequential):
    """`nn.Sequential`, but evaluation without gradients takes `n` samples at a time.

    What is between the first and the last state is there for `n` samples at once; the last state
    is allocated once. It is that of `nn.Sequential` where the modules treat samples independently,
    as BatchNorm does in evaluation mode.

    In training mode, where gradients are recorded, in exporting and under the transforms of
    `torch.func` this is `nn.Sequential` and nothing else. `torch.compile` makes a graph of a tile.
    """

    def __init__(self, *modules: Any, n: int) -> None:
        super().__init__(*modules)
        if not (isinstance(n, int) and n >= 1):
            raise ValueError(f"n is a number of samples from 1 on, not {n!r}")
        self.n = n

    def forward(self, state: State) -> State:
        """The state after the last module."""
        if takes_tiles(self):
            return in_tiles(self._all, self.n, state)  # type: ignore[no-any-return]
        return self._all(state)

    # `nn.Sequential.forward` is torch's own code, of which `torch.compile` makes no graph.
    def _all(self, state: State) -> State:
        for module in self:
            state = module(state)
        return state

    def extra_repr(self) -> str:
        return f"n={self.n}"


def takes_tiles(module: nn.Module) -> bool:
    """Whether `module` is evaluated, and by itself."""
    return not (
        module.training
        or torch.is_grad_enabled()
        or torch.compiler.is_exporting()
        or torch._C._are_functorch_transforms_active()
    )


# In one graph there would be as many copies of the modules as there are tiles. So the graph is that
# of `function`. As torch.compiler.disable, but it loads the compiler when it is called.
@_disable_dynamo(recursive=False)
def in_tiles(function: Callable[[Any], Any], n: int, given: State) -> Any:
    """`function(given)`, evaluated for `n` samples at a time, or a few less.

    Samples stand in dimension 0 of what is given, a tensor or a tuple of tensors, and of what
    comes out, a tensor, a tuple or a list.
    """
    number = len(given if isinstance(given, Tensor) else given[0])
    if number <= n:
        return function(given)
    starts, size = tiles(number, n)
    whole: list[Tensor] = []
    for start in starts:
        result = function(_samples(given, start, size))
        kind = type(result)
        parts = [result] if isinstance(result, Tensor) else list(result)
        del result  # else it would be there while the next tile is evaluated
        whole = whole or [_room(part, number, size) for part in parts]
        for x in reversed(whole):
            x[start : start + size] = parts.pop()
    return whole[0] if issubclass(kind, Tensor) else kind(whole)


def tiles(number: int, n: int) -> tuple[list[int], int]:
    """Where tiles of `n` samples or a few less begin, and how many samples each of them has.

    As few tiles as can be, all of one size: `torch.compile` makes one graph, and none is a rest of
    one sample, for which torch has other kernels, which round otherwise. So some samples may be in
    two tiles, fewer than there are tiles.
    """
    count = -(-number // n)
    size = -(-number // count)
    return [min(i * size, number - size) for i in range(count)], size


@_disable_dynamo
def _samples(given: State, start: int, size: int) -> State:
    """`size` samples from `start` on."""
    if isinstance(given, Tensor):
        return given[start : start + size]
    return tuple(x[start : start + size] for x in given)


@_disable_dynamo
def _room(part: Tensor, number: int, size: int) -> Tensor:
    """What `number` samples take where `part` has `size`, in its memory format."""
    if part.dim() == 0 or len(part) != size:
        raise ValueError(
            f"of {size} samples comes a value of shape {tuple(part.shape)}, which has not one part "
            "for each of them in dimension 0; evaluate all samples at once, without tiles"
        )
    sample = torch.empty_like(part[0])
    return torch.empty_strided(
        (number, *sample.shape),
        (sample.numel(), *sample.stride()),
        dtype=part.dtype,
        device=part.device,
    )
