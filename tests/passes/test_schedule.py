"""`schedule` computes things when they are first needed and frees them when they are not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from ir import graphs
from ir.residues import run, slots, states, symbols
from ir.strategies import graphs as random_graphs

from butcher.coefficient import Number
from butcher.ir.graph import Graph
from butcher.passes.schedule import schedule


def follow(graph: Graph) -> None:
    """Compute in the order of the schedule, free at once, and get the outputs."""
    plan = schedule(graph)
    values, apply, now = states(graph), slots(graph), symbols(graph)
    known = dict(values)
    for key in plan.freed_after(-1):
        del known[key]
    for position, key in enumerate(plan.order):
        if key in graph.row:
            total = next(iter(values.values())) * Number.of(0)
            for term in graph.row[key].terms:
                total = total + known[term.source] * term.coefficient.evaluate(now)
            known[key] = total
        else:
            e = graph.evaluation[key]
            time = Number.of(5) / 3 + e.c.evaluate(now) * now["h"] if e.c else Number.of(5) / 3
            known[key] = apply(e, time, known[e.argument])
        for freed in plan.freed_after(position):
            del known[freed]
    expected = run(graph)
    assert tuple(known[key] for key in graph.outputs) == expected.outputs
    assert tuple(known[e.row] for e in graph.estimates) == expected.estimates
    returned = {*graph.outputs, *(e.row for e in graph.estimates)}
    sources = {graph.row[key].only_source for key in returned if key in graph.row}
    assert known.keys() <= returned | sources, "what is left is returned"


@pytest.mark.parametrize("graph", graphs.EXPLICIT, ids=lambda g: g.name)
def test_following_it_gives_the_outputs(graph: Graph) -> None:
    follow(graph)


@settings(max_examples=50)
@given(random_graphs())
def test_following_it_through_a_random_graph_gives_the_outputs(graph: Graph) -> None:
    follow(graph)


@settings(max_examples=50)
@given(random_graphs())
def test_rows_are_computed_right_before_their_first_use(graph: Graph) -> None:
    order = schedule(graph).order
    last = max((i for i, key in enumerate(order) if key in graph.evaluation), default=0)
    for position, key in enumerate(order[:last]):
        if key in graph.row:
            assert graph.evaluation[order[position + 1]].argument == key


def test_the_new_x_of_revnet_is_computed_once_before_g() -> None:
    plan = schedule(graphs.revnet())
    assert plan.order == ("Y1", "k1", "x[n+1]", "k2", "y[n+1]")
    assert plan.last_use == {
        "x[n]": 2, "y[n]": 4, "Y1": 1, "k1": 2, "x[n+1]": 5, "k2": 4, "y[n+1]": 5
    }  # fmt: skip


def test_a_state_lives_as_long_as_a_row_that_is_the_state() -> None:
    plan = schedule(graphs.one_step("step", {"k1": 1}))
    assert plan.order[:2] == ("Y1", "k1")
    assert plan.last_use["u[n]"] == 1


def test_rows_that_nothing_reads_are_not_computed() -> None:
    assert "w" not in schedule(graphs.dead_parts()).order


def test_an_implicit_graph_has_no_order() -> None:
    with pytest.raises(ValueError, match="unroll it first"):
        schedule(graphs.gauss4())
