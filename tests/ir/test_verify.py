"""Every invariant of a graph, broken once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from ir import graphs
from ir.graphs import H, U, evaluation, row
from ir.strategies import graphs as random_graphs

from butcher.coefficient import Coefficient, Variable
from butcher.ir.graph import Estimate, Graph, Row, State, Term
from butcher.ir.verify import InvariantError, verify


@pytest.mark.parametrize("graph", graphs.ALL, ids=lambda g: g.name)
def test_graphs_of_known_methods_are_well_formed(graph: Graph) -> None:
    verify(graph)


@settings(max_examples=50)
@given(random_graphs())
def test_random_explicit_graphs_are_well_formed(graph: Graph) -> None:
    verify(graph)


@settings(max_examples=50)
@given(random_graphs(implicit=True))
def test_random_implicit_graphs_are_well_formed(graph: Graph) -> None:
    verify(graph)


BASE = graphs.ab2()
TIMED = graphs.rk4(time=True)
ONE = Coefficient.of(1)


def with_row(*terms: Term, key: str = "more") -> Graph:
    return BASE.changed(rows=[*BASE.rows, Row(key, terms)])


def with_evaluation(**fields: str) -> Graph:
    fields = {"key": "k2", "slot": "f", "argument": "Y1", "group": "f:k2", **fields}
    return BASE.changed(evaluations=[*BASE.evaluations, evaluation(**fields)])


unknown = Coefficient.symbol(Variable("z", ONE.number))
older = State("k1", -2, "evaluation", 2)

BROKEN: dict[str, Callable[[], Graph]] = {
    "keys are unique, Y1": lambda: with_row(key="Y1"),
    "keys are unique, k1": lambda: with_row(key="k1"),
    r"keys are unique, u\[n\]": lambda: with_row(key="u[n]"),
    "more reads nothing": lambda: with_row(Term("nothing", ONE)),
    "more reads Y1": lambda: with_row(Term("Y1", ONE)),
    "more reads k1 more": lambda: with_row(Term("k1", ONE), Term("k1", ONE)),
    "no term is zero, that of k1": lambda: with_row(Term("k1", ONE * 0)),
    "an evaluation reads a row, k2": lambda: with_evaluation(argument="u[n]"),
    "an abscissa, k1 has none": lambda: TIMED.changed(
        evaluations=[replace(e, c=None) for e in TIMED.evaluations]
    ),
    "f:k1 to f and g": lambda: with_evaluation(group="f:k1", slot="g"),
    "each state has one output": lambda: replace(BASE, outputs=BASE.outputs[:1]),
    "there is a state": lambda: replace(BASE, states=(), outputs=(), rows=(), evaluations=()),
    r"u\[n\] \(value, lag 0\) cannot become k1": lambda: replace(BASE, outputs=("k1", "k1")),
    r"u\[n\] \(value, lag 0\) cannot become k1\[n-1\]": lambda: replace(
        BASE, outputs=("k1[n-1]", "k1")
    ),
    r"k1\[n-1\] \(evaluation, lag 1\) cannot become Y1": lambda: replace(
        BASE, outputs=("u[n+1]", "Y1")
    ),
    r"k1\[n-1\] \(evaluation, lag 1\) cannot become u\[n\]": lambda: replace(
        BASE, outputs=("u[n+1]", "u[n]")
    ),
    r"k1\[n-2\] \(evaluation, lag 2\) cannot become k1\[n-2\]": lambda: replace(
        BASE, states=(*BASE.states, older), outputs=("u[n+1]", "k1", "k1[n-2]")
    ),
    "cannot become nothing": lambda: replace(BASE, outputs=("nothing", "k1")),
    "an estimate is a row, err": lambda: BASE.changed(estimates=[Estimate("err", "u[n]", "err")]),
    r"an estimate is one of a state's value, k1\[n-1\]": lambda: BASE.changed(
        estimates=[Estimate("Y1", "k1[n-1]", "err")]
    ),
    "a symbol is declared once": lambda: BASE.changed(symbols=BASE.symbols * 2),
    "names are declared, z is not": lambda: with_row(Term("k1", unknown)),
    "names are declared, h is not": lambda: BASE.changed(symbols=[]),
    "names are declared, p is not": lambda: BASE.changed(symbols=[*BASE.symbols, graphs.ETA]),
    "at least one sweep": lambda: replace(BASE, sweeps=0),
    "k1 reads k2 and stands first": lambda: graphs.polynet().changed(
        evaluations=[evaluation("k1", "f", "Y2"), evaluation("k2", "f", "Y1")],
        rows=[row("Y1", {"u[n]": 1}), row("Y2", {"k2": 1}), row("u[n+1]", {})],
    ),
}


@pytest.mark.parametrize("message", BROKEN)
def test_a_broken_invariant_is_named(message: str) -> None:
    with pytest.raises(InvariantError, match=message):
        verify(BROKEN[message]())


def test_what_reads_a_circle_stands_after_it() -> None:
    graph = graphs.method(
        "late",
        [U],
        [evaluation("k2", "f", "Y2"), evaluation("k1", "f", "Y1")],
        [row("Y1", {"k1": H}), row("Y2", {"k1": H}), row("u[n+1]", {"k2": 1})],
        ["u[n+1]"],
        sweeps=1,
    )
    with pytest.raises(InvariantError, match="k2 reads k1 and stands first"):
        verify(graph)
    verify(graph.changed(evaluations=reversed(graph.evaluations)))
