"""The block is the table: it computes what the interpreter says, gradients included."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch
from block.nets import SPECS, Mix, TimedMix, Times, block_of, graph_of, states_of, taken
from block.nets import given as given_to
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from ir.strategies import graphs, reversible
from torch import Tensor, nn

from butcher.block import live_class
from butcher.coefficient import Number
from butcher.compiler import load
from butcher.emit.torch_module import Header, emit_module
from butcher.ir.graph import Graph
from butcher.ir.interpret import interpret
from butcher.ir.lower import Step
from butcher.passes.prune import prune
from butcher.passes.share import share
from butcher.passes.unroll import unroll
from butcher.spec.scheme import RungeKutta

CLOSE = 1e-12


class Dense:
    """A tensor that takes exact numbers as factors."""

    def __init__(self, value: Tensor) -> None:
        self.value = value

    def __add__(self, other: Dense) -> Dense:
        return Dense(self.value + other.value)

    def __mul__(self, factor: Number) -> Dense:
        return Dense(self.value * float(factor))


def learned(block: nn.Module, graph: Graph) -> dict[str, Number]:
    """The values that the trained symbols of the block have, exactly."""
    values: dict[str, Number] = {}
    stages = [s.name for s in graph.symbols if s.name.startswith("h:")]
    for symbol in graph.symbols:
        if symbol.kind == "learn" and symbol.name in graph.names:
            held = getattr(block, symbol.name.partition(":")[0])
            value = held[stages.index(symbol.name)] if symbol.name in stages else held
            values[symbol.name] = Number.of(Fraction(value.flatten()[0].item()))
    return values


def expected(block: nn.Module, graph: Graph, states: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    groups = unroll(graph).groups
    result = interpret(
        graph,
        {key: Dense(value) for key, value in zip(graph.state, states, strict=True)},
        lambda e, t, y: Dense(
            block.f[groups.index(e.group)](*([float(t)] if e.slot in graph.timed else []), y.value)
        ),
        symbols=learned(block, graph),
    )
    return tuple(output.value for output in result.outputs)


def difference(left: tuple[Tensor, ...], right: tuple[Tensor, ...]) -> float:
    """Relative to the larger values."""
    size = max(r.detach().abs().max().item() for r in right) or 1.0
    return max((x - y).detach().abs().max().item() for x, y in zip(left, right, strict=True)) / size


@pytest.mark.parametrize("step", [None, "per-stage"])
@pytest.mark.parametrize("name", SPECS)
def test_the_block_computes_what_the_graph_means(name: str, step: Step | None) -> None:
    block, graph = block_of(name, step), graph_of(name, step)
    states = tuple(state.requires_grad_() for state in states_of(block))
    values, wanted = taken(block(given_to(states))), expected(block, graph, states)
    assert difference(values, wanted) < CLOSE
    inputs = [*states, *block.f.parameters()]
    directions = [torch.randn_like(value) for value in values]
    gradients = [
        torch.autograd.grad(outputs, inputs, directions, materialize_grads=True)
        for outputs in (values, wanted)
    ]
    assert difference(*gradients) < CLOSE


@pytest.mark.parametrize(
    "name", [n for n in SPECS if any(s.kind == "learn" for s in load(n).symbols)]
)
def test_learned_numbers_get_the_gradient_of_the_graph(name: str) -> None:
    """Against central differences of the interpreter."""
    block, graph = block_of(name), graph_of(name)
    states = states_of(block)
    sum(value.sum() for value in taken(block(given_to(states)))).backward()
    for parameter in (p for n, p in block.named_parameters() if not n.startswith("f.")):
        sums = []
        for move in (1e-5, -1e-5):
            with torch.no_grad():
                parameter += move
                sums.append(sum(v.sum().item() for v in expected(block, graph, states)))
                parameter -= move
        slope = (sums[0] - sums[1]) / 2e-5
        assert parameter.grad is not None
        assert parameter.grad.sum().item() == pytest.approx(slope, rel=1e-6, abs=1e-6)


HEADER = Header(class_name="Random", name="random", order=None, stages=1, digest="0", version="0")


def passed(graph: Graph) -> Graph:
    """As the compiler hands it to the emitter."""
    return share(unroll(prune(graph)))


@settings(
    max_examples=60,
    report_multiple_bugs=False,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a graph is readable as it comes
)
@given(st.one_of(graphs(), graphs(implicit=True), reversible()))
def test_any_graph_is_emitted_as_what_it_means(graph: Graph) -> None:
    """Several states, slots and lags, time, shared weights, rows of no terms."""
    graph = prune(graph)
    slot = {e.group: e.slot for e in graph.evaluations}
    nets = [TimedMix() if slot[g] in graph.timed else Mix() for g in unroll(graph).groups]
    block = live_class(emit_module(passed(graph), HEADER))(nets).eval()
    states = states_of(block, (1, 3, 1, 2))
    values, wanted = taken(block(given_to(states))), expected(block, graph, states)
    assert difference(values, wanted) < 1e-10
    if len(states) > 1:
        assert [s.shape for s in block.start(states[0])] == [states[0].shape] * len(states)
    if hasattr(block, "inverse"):
        assert difference(block.inverse(values), states) < 1e-6


def stability(body: RungeKutta, z: Number) -> Number:
    """R(z) = 1 + z b (1 - z A)^-1 1 of an explicit tableau, exactly."""
    (tableau,) = body.tableaus
    k: list[Number] = []
    for row in tableau.stages:
        cells = [cell.value.start() for cell in row.cells]
        total = sum((a * kj for a, kj in zip(cells, k, strict=False)), Number.of(0))
        k.append(z * (Number.of(1) + total))
    weights = [cell.value.start() for cell in tableau.weights]
    return Number.of(1) + sum((b * ki for b, ki in zip(weights, k, strict=True)), Number.of(0))


def explicit_runge_kutta() -> list[str]:
    bodies = {name: load(name).body for name in SPECS}
    return [
        name
        for name, body in bodies.items()
        if isinstance(body, RungeKutta) and graph_of(name).is_explicit
    ]


@pytest.mark.parametrize("name", explicit_runge_kutta())
def test_a_linear_branch_gives_the_stability_function(name: str) -> None:
    scheme = load(name)
    assert isinstance(scheme.body, RungeKutta)
    block = block_of(name, f=Times(-0.5), h=0.75)
    z = Number.of(Fraction(-3, 8))
    value = block(torch.ones(1, 1, 1, 1))
    assert value.item() == pytest.approx(float(stability(scheme.body, z)), rel=CLOSE)
