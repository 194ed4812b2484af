"""An inverse, where there is one, gives back exactly the states that the block was given."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from ir import graphs
from ir.graphs import ETA, F, G, H, K, P, U, X, Y, declared, evaluation, method, of, row
from ir.residues import Residue, run, slots, states, symbols
from ir.strategies import graphs as random_graphs
from ir.strategies import reversible

from butcher.coefficient import Number
from butcher.ir.graph import Graph, Term
from butcher.ir.invert import Evaluate, Solve, invert, new
from butcher.ir.verify import verify


def inverse(graph: Graph, outputs: tuple[Residue, ...]) -> Mapping[str, Residue]:
    """Follow the steps: the states, and the evaluations that it took."""
    steps = invert(graph)
    assert steps is not None
    known = {new(key): value for key, value in zip(graph.state, outputs, strict=True)}
    apply, now, zero = slots(graph), symbols(graph), outputs[0] * Number.of(0)

    def total(terms: tuple[Term, ...]) -> Residue:
        return sum((known[t.source] * t.coefficient.evaluate(now) for t in terms), zero)

    for step in steps:
        if isinstance(step, Solve):
            known[step.state] = total(step.terms)
            continue
        e = graph.evaluation[step.evaluation]
        t = Number.of(5) / 3 + (e.c.evaluate(now) * now["h"] if e.c is not None else 0)
        known[step.evaluation] = apply(e, t, total(step.argument))
    return known


def gives_the_states_back(graph: Graph) -> None:
    expected = states(graph)
    known = inverse(graph, run(graph).outputs)
    assert {key: known[key] for key in expected} == expected


INVERTIBLE = [
    graphs.revnet(),
    graphs.lm_resnet(),
    graphs.midpoint_network(),
    graphs.second_order(),
    graphs.one_step("older", {"u[n-1]": 3}),
]


@pytest.mark.parametrize("graph", INVERTIBLE, ids=lambda g: g.name)
def test_the_states_come_back(graph: Graph) -> None:
    gives_the_states_back(graph)


@settings(max_examples=50)
@given(reversible())
def test_the_states_of_random_reversible_blocks_come_back(graph: Graph) -> None:
    verify(graph)
    gives_the_states_back(graph)


@settings(max_examples=100)
@given(random_graphs())
def test_whatever_claims_to_be_an_inverse_is_one(graph: Graph) -> None:
    if invert(graph) is not None:
        gives_the_states_back(graph)


def test_revnet_takes_its_two_evaluations_in_the_other_order() -> None:
    one = F(1)
    assert invert(graphs.revnet()) == (
        Evaluate("k2", (Term("x[n]'", one),)),
        Solve("y[n]", (Term("y[n]'", one), Term("k2", -H)), "y[n+1]"),
        Evaluate("k1", (Term("y[n]", one),)),
        Solve("x[n]", (Term("x[n]'", one), Term("k1", -H)), "x[n+1]"),
    )


def test_a_linear_multistep_unit_divides_by_k() -> None:
    k = of(K)
    steps = invert(graphs.lm_resnet())
    assert steps is not None
    assert steps[0] == Solve("u[n]", (Term("u[n-1]'", F(1)),), None)
    assert steps[-1] == Solve(
        "u[n-1]",
        (Term("u[n]'", k.inverse()), Term("u[n]", -(F(1) - k) / k), Term("k1", -H / k)),
        "u[n+1]",
    )


def test_evaluations_that_no_state_needs_are_left_out() -> None:
    graph = method(
        "idle",
        [X, Y],
        [evaluation("k1", "f", "Y1"), evaluation("k2", "g", "x[n+1]")],
        [
            row("Y1", {"y[n]": 1}),
            row("x[n+1]", {"x[n]": 2, "y[n]": 1}),
            row("y[n+1]", {"y[n]": 1, "k2": H}),
        ],
        ["x[n+1]", "y[n+1]"],
    )
    steps = invert(graph)
    assert steps is not None
    assert [s.evaluation for s in steps if isinstance(s, Evaluate)] == ["k2"]
    gives_the_states_back(graph)


NOT_INVERTIBLE = {
    "an Euler step has its unknown under f": graphs.euler(),
    "so has a Runge-Kutta method": graphs.rk4(),
    "AB2 forgets where its evaluation was": graphs.ab2(),
    "with a drawn number another block would be inverted": graphs.stochastic_lm(),
    "a circle is not undone": graphs.bdf2(),
    "dead states are forgotten": graphs.dead_parts(),
    "a divisor that starts at zero": graphs.one_step(
        "zero", {"u[n-1]": of(declared("k", "param", 0))}, declared("k", "param", 0)
    ),
}


@pytest.mark.parametrize("why", NOT_INVERTIBLE)
def test_there_is_no_inverse(why: str) -> None:
    assert invert(NOT_INVERTIBLE[why]) is None


def test_a_drawn_number_in_the_argument_of_an_evaluation_forbids_it() -> None:
    g, eta = of(G), of(ETA)

    def unit(factor: object) -> Graph:
        return method(
            "noisy", [U, graphs.U_OLD], [evaluation("k1", "f", "Y1")],
            [row("Y1", {"u[n]": factor}), row("u[n+1]", {"u[n-1]": g, "k1": H})],
            ["u[n+1]", "u[n]"], symbols=[P, G, ETA],
        )  # fmt: skip

    assert invert(unit(eta)) is None
    gives_the_states_back(unit(2))
