"""`unroll` writes out exactly the sweeps that the interpreter makes."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import event, given, settings
from ir import graphs
from ir.graphs import H
from ir.residues import run
from ir.strategies import graphs as random_graphs

from butcher.ir.graph import Graph
from butcher.ir.verify import verify
from butcher.passes.unroll import unroll


def keeps_the_meaning(graph: Graph) -> None:
    unrolled = unroll(graph)
    verify(unrolled)
    assert unrolled.is_explicit
    before, after = run(graph), run(unrolled)
    assert after.outputs == before.outputs
    assert after.estimates == before.estimates


@pytest.mark.parametrize("sweeps", [1, 2, 5])
@pytest.mark.parametrize("make", [graphs.implicit_midpoint, graphs.gauss4, graphs.bdf2])
def test_outputs_are_those_of_the_sweeps(make, sweeps: int) -> None:
    keeps_the_meaning(make(sweeps))


def test_every_sweep_is_at_the_time_of_its_stage() -> None:
    keeps_the_meaning(graphs.gauss4(3, time=True))


@settings(max_examples=50)
@given(random_graphs(implicit=True))
def test_outputs_of_random_graphs_are_those_of_the_sweeps(graph: Graph) -> None:
    event(f"{len(graph.circles)} circles")
    keeps_the_meaning(graph)


@settings(max_examples=50)
@given(random_graphs())
def test_an_explicit_graph_stays_as_it_is(graph: Graph) -> None:
    assert unroll(graph) is graph


def test_two_sweeps_of_implicit_midpoint_are_the_explicit_one() -> None:
    unrolled = unroll(graphs.implicit_midpoint(2))
    rows = {row.key: dict(row.coefficients) for row in unrolled.rows}
    assert rows == {
        "Y1.1": {"u[n]": 1},
        "Y1.2": {"u[n]": 1, "k1.1": H / 2},
        "u[n+1]": {"u[n]": 1, "k1.2": H},
    }


def test_sweeps_share_the_weights_of_their_stage() -> None:
    unrolled = unroll(graphs.gauss4(3))
    assert list(unrolled.evaluation) == ["k1.1", "k2.1", "k1.2", "k2.2", "k1.3", "k2.3"]
    assert Counter(e.group for e in unrolled.evaluations) == {"f:k1": 3, "f:k2": 3}


def test_without_sweeps_there_is_nothing_to_write_out() -> None:
    with pytest.raises(ValueError, match="implicit_midpoint is implicit"):
        unroll(graphs.implicit_midpoint(None))
