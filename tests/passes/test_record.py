"""A one-step method that starts a multistep one, against the exact interpreter and by hand."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
import torch
from block.nets import Mix
from command import Command
from torch import Tensor, nn

import butcher as package
from butcher.block import make_block
from butcher.coefficient import Number
from butcher.compiler import OptionError, load, shipped, transformed, uses
from butcher.compiler.sweeps import straightened
from butcher.ir.graph import Evaluation, Graph
from butcher.ir.interpret import interpret
from butcher.ir.lower import lower
from butcher.ir.verify import verify
from butcher.passes.record import NotRecordableError, record


def graph_of(name: str) -> Graph:
    return straightened(lower(load(name)))


def is_explicit(name: str) -> bool:
    graph = lower(load(name))
    return graph.is_explicit or graph.sweeps is not None


GRAPHS = {name: graph_of(name) for name in shipped() if is_explicit(name)}
SEVERAL = [n for n, graph in GRAPHS.items() if len(graph.states) > 1]
STARTERS = ["euler", "rk4", "heun2", "rezero", "ab1", "bdf1", "implicit_midpoint", "trapezoid"]


def recordable(one: str, other: str) -> Graph | None:
    try:
        return record(GRAPHS[one], GRAPHS[other])
    except NotRecordableError:
        return None


PAIRS = [pair for pair in itertools.product(STARTERS, SEVERAL) if recordable(*pair)]


def f(evaluation: Evaluation, t: Number, y: Number) -> Number:
    """Not linear, one function for all sets of weights."""
    return y * y + Number.of(1)


# ---------------------------------------------------------------------- exactly


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_it_steps_as_one_and_hands_on_as_the_other(one: str, other: str) -> None:
    """New is the one-step value; all else is a block older, f[n-1] being f(u[n])."""
    graph, multistep = GRAPHS[one], GRAPHS[other]
    recorded = record(graph, multistep)
    verify(recorded)
    assert recorded.states == multistep.states
    values = {key: Number.of(Fraction(i + 2, 7)) for i, key in enumerate(multistep.state)}
    newest = values[multistep.states[0].key]
    (stepped,) = interpret(graph, {graph.states[0].key: newest}, f).outputs
    handed_on = interpret(multistep, values, f).outputs
    assert interpret(recorded, values, f).outputs == (stepped, *handed_on[1:])


def test_every_multistep_method_that_keeps_what_is_known_can_be_started() -> None:
    started = {other for _, other in PAIRS}
    assert {"lm_resnet", "stochastic_lm", "ab2", "ab2_step", "ab5", "leapfrog", "bdf3"} <= started
    assert {"revnet", "am2", "am4", "milne_simpson4"}.isdisjoint(started)


def test_names_are_those_of_the_method_that_is_started() -> None:
    graph = record(GRAPHS["rk4"], GRAPHS["ab2_step"])
    assert [e.key for e in graph.evaluations] == ["k", "k2", "k3", "k4"]
    assert graph.outputs == ("u[n+1]", "k")


def test_names_that_both_have_stay_apart() -> None:
    text = "method clash\n\nstep\n  k = f(1/2*u[n])\n  b = f(u[n])\n  u[n+1] = u[n] + h*(k - b)\n"
    graph = record(straightened(lower(package.parse(text))), GRAPHS["ab2_step"])
    verify(graph)
    assert list(graph.evaluation) == ["k'", "k"]
    f, g = Mix(), Mix()
    block = make_block(text, [f, g], starts="ab2_step")
    u = torch.randn(2, 3, 4, 4)
    assert all(map(torch.allclose, block(block.start(u)), (u + f(u / 2) - g(u), g(u))))


def test_the_state_may_have_another_name() -> None:
    text = "method mine\n  ode x' = f(x)\n\nstep\n  x[n+1] = x[n] + h*f(x[n])\n"
    graph = record(straightened(lower(package.parse(text))), GRAPHS["ab2"])
    verify(graph)
    assert graph.outputs == ("u[n+1]", "f[n]")


# ---------------------------------------------------------------------- blocks


def test_the_second_block_of_lm_resnet_sees_the_projected_first_state() -> None:
    """As in the released code: the first block of a stage is P(x) + F(x), the next one's u[n-1]
    is P(x).
    """
    F = nn.Linear(3, 5)
    P = nn.Linear(3, 5)
    first = make_block("euler", F, starts="lm_resnet", transition=P)
    second = make_block("lm_resnet", nn.Tanh, k=-0.25)
    u = torch.randn(2, 3)
    u1, u0 = first(first.start(u))
    assert torch.equal(u0, P(u))
    assert torch.allclose(u1, P(u) + F(u))
    u2, _ = second((u1, u0))
    assert torch.allclose(u2, 1.25 * u1 - 0.25 * P(u) + torch.tanh(u1))


def test_ab3_is_started_with_a_transition() -> None:
    """An evaluation that is kept from before passes through, as a value does."""
    F = nn.Linear(3, 5)
    operators = [nn.Linear(3, 5) for _ in range(3)]
    block = make_block("euler", F, starts="ab3", transition=operators, h=0.5)
    P, Q, _ = operators
    u, f_prev, oldest = torch.randn(3, 2, 3)
    values = block((u, f_prev, oldest))
    wanted = (P(u) + 0.5 * F(u), F(u), Q(f_prev))
    assert all(map(torch.allclose, values, wanted))
    held = {id(p) for p in block.parameters()}
    assert held.isdisjoint(map(id, operators[2].parameters()))  # it would get no gradient


def test_starting_evaluates_nothing() -> None:
    class Never(nn.Module):
        def forward(self, u: Tensor) -> Tensor:
            raise AssertionError

    block = make_block("euler", Never(), starts="milne4")
    u = torch.randn(2, 3)
    state = block.start(u)
    assert all(torch.equal(value, u) for value in state[:4])
    assert all(not value.any() for value in state[4:])


class Riccati(nn.Module):
    """u' = u - u^2, whose solution from 1/2 is the logistic function."""

    def forward(self, u: Tensor) -> Tensor:
        return u - u * u


def error(steps: int) -> float:
    starter = make_block("rk4", Riccati(), starts="ab4", h=2 / steps)
    block = make_block("ab4", Riccati(), h=2 / steps)
    state = starter.start(torch.tensor([0.5]))
    for i in range(steps):
        state = starter(state) if i < 3 else block(state)
    return abs(state[0].item() - torch.sigmoid(torch.tensor(2.0)).item())


def test_three_blocks_of_rk4_then_ab4_have_order_four() -> None:
    ratios = [error(steps) / error(2 * steps) for steps in (40, 80)]
    assert all(14 < ratio < 18 for ratio in ratios)


def test_it_compiles_as_one_graph_and_has_its_own_name() -> None:
    block = make_block("rk4", Mix, starts="ab4")
    assert type(block).__name__ == "Rk4StartsAb4"
    state = tuple(torch.randn(2, 3, 4, 4) for _ in block.states)
    compiled = torch.compile(block, fullgraph=True, backend="aot_eager")
    assert all(map(torch.allclose, compiled(state), block(state)))


def test_uses_of_a_starter() -> None:
    assert [use.reads for use in uses("rk4", starts="ab4")] == ["u[n]", None, None, None]
    assert transformed("euler", starts="lm_resnet") == ("u[n]",)
    assert transformed("euler", starts="ab3") == ("u[n]", "f[n-1]")


# ---------------------------------------------------------------------- refusals

REFUSED = {
    ("euler", "revnet"): "states of several names, x, y",
    ("lm_resnet", "ab3"): "a one-step method of one state",
    ("revnet", "lm_resnet"): "a one-step method of one state",
    ("rk4", "am2"): "keeps f of what it computes",
    ("rk4", "euler"): "nothing has to start it",
    ("polynet_2way", "ab2"): "polynet_2way has the slots f, g, ab2 has f",
}


@pytest.mark.parametrize(("one", "other"), REFUSED)
def test_what_cannot_start_is_told_why(one: str, other: str) -> None:
    with pytest.raises(OptionError, match=f"^{one} cannot start {other}: .*{REFUSED[one, other]}"):
        make_block(one, nn.Tanh, starts=other)


def test_an_evaluation_that_is_kept_has_to_be_made() -> None:
    text = "method away\n\nstep\n  u[n+1] = u[n] + h*f(1/2*u[n])\n"
    with pytest.raises(OptionError, match=r"keeps f\(u\[n\]\), which away never evaluates"):
        package.compile(text, starts="ab2")


def test_a_method_without_sweeps_is_an_error_of_that_file() -> None:
    text = "method circle\n\nmultistep\n  alpha | . -1 1\n  beta | 1/3 1/3 1/3\n"
    with pytest.raises(package.SpecError, match="implicit"):
        package.compile("euler", starts=text)


def test_the_command_says_so_in_the_header(butcher: Command) -> None:
    done = butcher("compile", "euler", "--starts", "lm_resnet")
    assert done.code == 0
    assert "options   step fixed, weights per stage, starts lm_resnet (digest " in done.out
    assert done.out == package.compile("euler", starts="lm_resnet")
    refused = butcher("compile", "euler", "--starts", "revnet")
    assert (refused.code, refused.out) == (2, "")
    assert "euler cannot start revnet" in refused.err
