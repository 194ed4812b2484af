"""What emitted blocks do, counted operation by operation, against what the analysis counts."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest
import torch
from block.nets import SHAPE, SPECS, Mix, TimedMix, given, source_of, taken
from passes.followed import POLICIES
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from butcher.analysis.network.carried import covers
from butcher.analysis.network.cost import cost
from butcher.analysis.network.elementwise import Elementwise
from butcher.block import live_class
from butcher.compiler import compile, load, parse
from butcher.compiler.sweeps import straightened
from butcher.emit.torch_module import forward
from butcher.ir.graph import Graph
from butcher.ir.lower import Step, lower
from butcher.passes.schedule import schedule

aten = torch.ops.aten


class Roughly(nn.Module):
    """A sub-net that keeps nothing for the backward pass, and is no sum and no product."""

    def forward(self, u: Tensor) -> Tensor:
        return u.flip(0)


def block_of(name: str, step: Step | None, f: Any = Roughly) -> nn.Module:
    source = source_of(name, step)
    extra = {"channels": SHAPE[1]} if "channels: int" in source else {}
    return live_class(source)(f, **extra)


def graph_of(name: str, step: Step | None = None) -> Graph:
    return straightened(lower(load(name), step))


def states(graph: Graph, *, grad: bool = False, dtype: torch.dtype = torch.float64) -> Any:
    made = (torch.randn(SHAPE, dtype=dtype, requires_grad=grad) for _ in graph.states)
    return given(tuple(made))


STEPS: list[tuple[str, Step | None]] = [(name, None) for name in SPECS]
STEPS += [(name, step) for name in SPECS for step in ("learned", "per-stage")]


# ---------------------------------------------------------------------- passes


class Counted(TorchDispatchMode):
    """Passes over whole maps, and the operations that make them; sub-nets' own left out."""

    def __init__(self) -> None:
        super().__init__()
        self.found = Elementwise(0, 0)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func.overloadpacket not in (aten.flip, aten.detach) and maps_in(result):
            read = 0 if func.overloadpacket is aten.zeros_like else maps_in((args, kwargs))
            self.found += Elementwise(read + maps_in(result), 1)
        return result


def maps_in(tree: Any) -> int:
    return sum(isinstance(leaf, Tensor) and leaf.shape == SHAPE for leaf in tree_leaves(tree))


@pytest.mark.parametrize(("name", "step"), STEPS)
def test_passes_are_those_that_the_analysis_says_are_emitted(name: str, step: Step | None) -> None:
    graph = graph_of(name, step)
    block, state = block_of(name, step).eval(), states(graph)
    with torch.no_grad(), Counted() as counted:
        block(state)
    assert counted.found == cost(graph).emitted


# ---------------------------------------------------------------------- saved and carried


@pytest.mark.parametrize(("name", "step"), STEPS)
def test_saved_maps_are_those_that_autograd_keeps(name: str, step: Step | None) -> None:
    graph = graph_of(name, step)
    kept: dict[int, Tensor] = {}

    def keep(saved: Tensor) -> Tensor:
        if saved.shape == SHAPE:
            kept[saved.untyped_storage().data_ptr()] = saved
        return saved

    block, state = block_of(name, step), states(graph, grad=True)
    with saved_tensors_hooks(keep, lambda saved: saved):
        result = block(state)
    del result
    assert len(kept) == cost(graph).saved_maps


def test_a_trained_step_that_is_never_near_zero_saves_no_map_of_its_own() -> None:
    text = "method m\nlearn h = 1 in [0.5, 2]\n" + RK4
    nets = [nn.Conv2d(SHAPE[1], SHAPE[1], 1) for _ in range(4)]
    u, kept = torch.randn(SHAPE), set[int]()

    def keep(saved: Tensor) -> Tensor:
        if saved.shape == SHAPE:
            kept.add(saved.untyped_storage().data_ptr())
        return saved

    with saved_tensors_hooks(keep, lambda saved: saved):
        result = live_class(compile(text))(nets)(u)
    assert len(kept) == 5, "the arguments of four layers, and the new state"
    assert result.untyped_storage().data_ptr() in kept
    assert cost(straightened(lower(parse(text)))).saved_maps == 4, "at most, with the direction"


RK4 = "step\nk1 = f(u[n])\nk2 = f(u[n] + h/2*k1)\nk3 = f(u[n] + h/2*k2)\nk4 = f(u[n] + h*k3)\n"
RK4 += "u[n+1] = u[n] + h/6*k1 + h/3*k2 + h/3*k3 + h/6*k4\n"


class Alive(TorchDispatchMode):
    """Which of the maps made so far are alive when a sub-net is called; states are not made."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[StorageWeakRef] = []
        self.held: list[int] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        known = {ref.cdata for ref in self.made if not ref.expired()}
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor) and leaf.shape == SHAPE:
                storage = leaf.untyped_storage()
                if storage._cdata not in known:
                    self.made.append(StorageWeakRef(storage))
        return result

    def entered(self, argument: Tensor) -> None:
        own = argument.untyped_storage()._cdata
        alive = {ref.cdata for ref in self.made if not ref.expired()}
        self.held.append(len(alive - {own}))


class Watched(Roughly):
    def __init__(self, mode: Alive) -> None:
        super().__init__()
        self.mode = mode

    def forward(self, u: Tensor) -> Tensor:
        self.mode.entered(u)
        return super().forward(u)


@pytest.mark.parametrize(("name", "step"), STEPS)
def test_a_block_holds_what_the_cover_says_without_the_states(name: str, step: Step | None) -> None:
    graph, mode = graph_of(name, step), Alive()
    block, state = block_of(name, step, lambda: Watched(mode)).eval(), states(graph)
    with torch.no_grad(), mode:
        block(state)
    apart = [{*graph.state, _argument(graph, e.argument)} for e in graph.evaluations]
    found = zip(covers(graph), apart, strict=True)
    assert mode.held == [len({*c.values, *c.sums} - others) for c, others in found]


def _argument(graph: Graph, row: str) -> str:
    return graph.row[row].only_source or row


# ---------------------------------------------------------------------- the same bits


MIXED = ["rk4", "rk38", "dopri54", "verner89", "ab4", "gauss4", "revnet", "lm_resnet"]
MIXED += ["heun_family", "fractalnet", "transformer", "layerscale", "shake_shake"]


@pytest.mark.parametrize("name", MIXED)
@pytest.mark.parametrize("step", ["fixed", "learned"])
def test_every_schedule_gives_the_same_bits(
    name: str, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph, found = graph_of(name, step), {}
    state = states(graph, dtype=torch.float32)
    for policy, choose in POLICIES.items():

        def chosen(graph: Graph, *, tensors: Collection[str], by: Any = choose, **_: Any) -> Any:
            return schedule(graph, tensors=tensors, carried=by(graph, tensors))

        monkeypatch.setattr(forward, "schedule", chosen)
        torch.manual_seed(0)
        source = compile(name, step=step)
        extra = {"channels": SHAPE[1]} if "channels: int" in source else {}
        net = TimedMix if graph.takes_time else Mix
        block = live_class(source)(net, **extra).float().eval()
        found[policy] = (source, taken(block(state)))
    sources, results = zip(*found.values(), strict=True)
    assert name in {"layerscale", "lm_resnet", "revnet"} or len(set(sources)) > 1
    for other in results[1:]:
        assert all(map(torch.equal, results[0], other))
