"""What emitted blocks do, counted operation by operation, against what the analysis counts."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from block.nets import SHAPE, SPECS, given, source_of
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils._python_dispatch import TorchDispatchMode

from butcher.analysis.network.cost import Elementwise, cost
from butcher.block import live_class
from butcher.compiler import load
from butcher.compiler.sweeps import straightened
from butcher.ir.graph import Graph
from butcher.ir.lower import Step, lower
from butcher.spec.scheme import RungeKutta


class Roughly(nn.Module):
    """A sub-net that keeps nothing for the backward pass, and is no sum and no product."""

    def forward(self, u: Tensor) -> Tensor:
        return u.flip(0)


def block_of(name: str, step: Step | None) -> nn.Module:
    source = source_of(name, step)
    extra = {"channels": SHAPE[1]} if "channels: int" in source else {}
    return live_class(source)(Roughly, **extra)


def graph_of(name: str, step: Step | None = None) -> Graph:
    return straightened(lower(load(name), step))


def states(graph: Graph, *, grad: bool) -> Any:
    return given(tuple(torch.randn(SHAPE, requires_grad=grad) for _ in graph.states))


class Counted(TorchDispatchMode):
    """Passes over whole maps, and the operations that make them."""

    def __init__(self) -> None:
        super().__init__()
        self.found = Elementwise(0, 0)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func.overloadpacket in (torch.ops.aten.add, torch.ops.aten.sub, torch.ops.aten.mul):
            maps = sum(isinstance(a, Tensor) and a.shape == SHAPE for a in args)
            self.found = self.found + Elementwise(maps + 1, 1)
        return result


def is_fixed_tableau(name: str) -> bool:
    scheme = load(name)
    trained = any(symbol.kind == "learn" for symbol in scheme.symbols)
    return isinstance(scheme.body, RungeKutta) and not trained


TABLEAUS = [name for name in SPECS if is_fixed_tableau(name)]


@pytest.mark.parametrize("name", TABLEAUS)
def test_passes_are_those_of_the_text_but_for_products_by_one(name: str) -> None:
    graph = graph_of(name)
    with torch.no_grad(), Counted() as counted:
        block_of(name, None)(states(graph, grad=False))
    left_out = 0
    for row in graph.rows:
        factors = [t.coefficient.start() for t in row.terms if not graph.is_value(t.source)]
        # h stands in the one factor that there is; a factor of 1 or -1 is not written
        left_out += 1 if len(factors) == 1 else sum(abs(a) == 1 for a in factors)
    wanted = cost(graph).as_written
    assert counted.found + Elementwise(2 * left_out, left_out) == wanted


STEPS: list[tuple[str, Step | None]] = [(name, None) for name in SPECS]
STEPS += [(name, "per-stage") for name in SPECS]
STEPS += [(name, "learned") for name in ("rk4", "ab2", "gauss4", "revnet", "polynet_poly2")]


@pytest.mark.parametrize(("name", "step"), STEPS)
def test_saved_maps_are_those_that_autograd_keeps(name: str, step: Step | None) -> None:
    graph = graph_of(name, step)
    kept: dict[int, Tensor] = {}

    def keep(saved: Tensor) -> Tensor:
        if saved.shape == SHAPE:
            kept[saved.untyped_storage().data_ptr()] = saved
        return saved

    block, given = block_of(name, step), states(graph, grad=True)
    with saved_tensors_hooks(keep, lambda saved: saved):
        result = block(given)
    del result
    assert len(kept) == cost(graph).saved_maps
