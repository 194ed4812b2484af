"""Sub-nets and states that the tests of blocks are made with."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from butcher.block import live_class
from butcher.compiler import compile, load, shipped
from butcher.ir.graph import Graph
from butcher.ir.lower import Step, lower
from butcher.passes.prune import prune
from butcher.passes.share import share

SPECS = list(shipped())
SHAPE = (2, 3, 4, 4)


class Mix(nn.Module):
    """tanh of a 1 x 1 convolution: smooth, not linear, in every dtype."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(channels, channels) / 3)
        self.bias = nn.Parameter(torch.randn(channels, 1, 1) / 3)

    def forward(self, u: Tensor) -> Tensor:
        return torch.tanh(torch.einsum("oc,nchw->nohw", self.weight, u) + self.bias)


class Scaled(nn.Module):
    """tanh of a multiple: short to trace, where it is the block that matters."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(channels, 1, 1))

    def forward(self, u: Tensor) -> Tensor:
        return torch.tanh(self.weight * u)


class TimedMix(Mix):
    """With a time."""

    def forward(self, t: Tensor | float, u: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(u) * (1 + t)


class Times(nn.Module):
    """lambda u."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, u: Tensor) -> Tensor:
        return self.factor * u


@cache
def source_of(name: str, step: Step | None = None) -> str:
    return compile(name, step=step)


def block_of(name: str, step: Step | None = None, f: Any = Mix, **values: Any) -> nn.Module:
    """A block of a shipped spec in evaluation mode, per-channel vectors with three channels."""
    source = source_of(name, step)
    if "channels: int" in source:
        values.setdefault("channels", 3)
    return live_class(source)(f, **values).eval()


def graph_of(name: str, step: Step | None = None) -> Graph:
    """What the block computes, before its sweeps are written out."""
    return share(prune(lower(load(name), step)))


def states_of(block: nn.Module, shape: tuple[int, ...] = SHAPE) -> tuple[Tensor, ...]:
    """Different random values for every state."""
    return tuple(torch.randn(shape) for _ in block.states)


def given(states: tuple[Tensor, ...]) -> Any:
    """As forward takes them: a tensor, or a tuple of several."""
    return states[0] if len(states) == 1 else states


def taken(result: Any) -> tuple[Tensor, ...]:
    """As forward returns them, always a tuple."""
    return (result,) if isinstance(result, Tensor) else result
