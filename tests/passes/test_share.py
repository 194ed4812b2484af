"""`share` evaluates equal things once, and only equal things."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from ir import graphs
from ir.graphs import H, U, declared, evaluation, method, of, row
from ir.residues import run
from ir.strategies import graphs as random_graphs

from butcher.ir.graph import Graph
from butcher.ir.verify import verify
from butcher.passes.share import share


def keeps_the_meaning(graph: Graph) -> None:
    shared = share(graph)
    verify(shared)
    before, after = run(graph), run(shared)
    assert after.outputs == before.outputs
    assert after.estimates == before.estimates
    assert share(shared) == shared


@pytest.mark.parametrize("graph", graphs.ALL, ids=lambda g: g.name)
def test_outputs_are_the_same(graph: Graph) -> None:
    keeps_the_meaning(graph)


@settings(max_examples=50)
@given(random_graphs())
def test_outputs_of_random_explicit_graphs_are_the_same(graph: Graph) -> None:
    keeps_the_meaning(graph)


@settings(max_examples=50)
@given(random_graphs(implicit=True))
def test_outputs_of_random_implicit_graphs_are_the_same(graph: Graph) -> None:
    keeps_the_meaning(graph)


def chain(*, group: str = "f", c: int = 0, time: bool = False) -> Graph:
    """k2 repeats k1, and then k4 repeats k3, which is seen only when k2 is known to be k1."""
    return method(
        "chain",
        [U],
        [
            evaluation("k1", "f", "Y1", "f", 0),
            evaluation("k2", "f", "Y2", group, c),
            evaluation("k3", "f", "Y3", "f", 1),
            evaluation("k4", "f", "Y4", "f", 1),
        ],
        [
            row("Y1", {"u[n]": 1}),
            row("Y2", {"u[n]": 1}),
            row("Y3", {"u[n]": 1, "k1": H}),
            row("Y4", {"u[n]": 1, "k2": H}),
            row("u[n+1]", {"k1": 1, "k2": -1, "k3": 1, "k4": 1}),
        ],
        ["u[n+1]"],
        time=time,
    )


def test_equal_evaluations_become_one_and_so_do_those_that_read_them() -> None:
    shared = share(chain())
    assert list(shared.evaluation) == ["k1", "k3"]
    assert list(shared.row) == ["Y1", "Y3", "u[n+1]"]
    assert shared.row["u[n+1]"].coefficients == {"k3": 2}


def test_other_weights_are_another_evaluation() -> None:
    assert share(chain(group="other")).evaluations == chain(group="other").evaluations


def test_the_time_counts_only_where_slots_are_given_it() -> None:
    assert list(share(chain(c=1, time=True)).evaluation) == ["k1", "k2", "k3", "k4"]
    assert list(share(chain(c=1)).evaluation) == ["k1", "k3"]


def test_steps_learned_per_stage_make_rows_differ() -> None:
    graph = chain()
    steps = [declared(f"h:{key}", "learn", scope="stage") for key in ("Y3", "Y4")]
    rows = [
        row(f"Y{i}", {"u[n]": 1, f"k{i - 2}": of(step)})
        for i, step in zip((3, 4), steps, strict=True)
    ]
    own = graph.changed(rows=[*graph.rows[:2], *rows, graph.rows[4]], symbols=steps)
    assert list(share(own).evaluation) == ["k1", "k3", "k4"]


def test_a_kept_evaluation_that_goes_is_handed_on_by_the_one_that_stays() -> None:
    graph = chain()
    kept = replace(graph, states=(U, graphs.kept("k2")), outputs=("u[n+1]", "k2"))
    assert share(kept).outputs == ("u[n+1]", "k1")


def test_circles_stay_as_they_are() -> None:
    """After a sweep the row of k2 has moved on: to share it with k1 would lose an evaluation."""
    circle = method(
        "circle",
        [U],
        [evaluation("k1", "f", "Y1", "f"), evaluation("k2", "f", "Y2", "f")],
        [
            row("Y1", {"u[n]": 1, "k1": H}),
            row("Y2", {"u[n]": 1, "k1": H}),
            row("u[n+1]", {"k2": 1}),
        ],
        ["u[n+1]"],
        sweeps=1,
    )
    assert share(circle) == circle
