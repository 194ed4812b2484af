"""Whether every shipped block is one graph, and can be exported for any batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from butcher.block import live_class
from butcher.compiler import compile, shipped
from butcher.spec.model import Model


class Graphs(Model):
    """The shipped methods; of those that failed, name and reason."""

    methods: int
    not_one_graph: dict[str, str]
    not_exported: dict[str, str]


class _Mix(nn.Module):
    """tanh of a 1 x 1 convolution; with a time where one is given."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Conv2d(3, 3, 1)

    def forward(self, *given: Tensor) -> Tensor:
        return torch.tanh(self.mix(given[-1]))


def graphs(said: Callable[[str], None] = lambda line: None) -> Graphs:
    """Each block compiled with `fullgraph=True` and exported with a dynamic batch."""
    names = list(shipped())
    broken: dict[str, str] = {}
    unexported: dict[str, str] = {}
    for name in names:
        said(f"graph of {name}")
        block, state = _block(name)
        with _reason(name, broken), torch.no_grad():
            torch._dynamo.reset()
            torch.compile(block, fullgraph=True, backend="eager")(state)
        with _reason(name, unexported), torch.no_grad():
            batch = {0: torch.export.Dim("batch")}
            several = isinstance(state, tuple)
            dynamic = (tuple(batch for _ in state),) if several else (batch,)
            torch.export.export(block, (state,), dynamic_shapes=dynamic)
    return Graphs(methods=len(names), not_one_graph=broken, not_exported=unexported)


def _block(name: str) -> tuple[nn.Module, Tensor | tuple[Tensor, ...]]:
    source = compile(name)
    extra = {"channels": 3} if "channels: int" in source else {}
    block = live_class(source)(_Mix, **extra).eval()
    states = tuple(torch.randn(2, 3, 4, 4) for _ in block.states)  # type: ignore[union-attr]
    return block, states[0] if len(states) == 1 else states


@contextmanager
def _reason(name: str, reasons: dict[str, str]) -> Iterator[None]:
    """Any failure is a finding: what a compiler of torch raises has no one class."""
    try:
        yield
    except Exception as problem:
        reasons[name] = f"{type(problem).__name__}: {str(problem).partition(chr(10))[0]}"
