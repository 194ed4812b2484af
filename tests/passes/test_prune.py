"""`prune` drops what no output depends on, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from ir import graphs
from ir.residues import run
from ir.strategies import graphs as random_graphs

from butcher.ir.graph import Graph
from butcher.ir.verify import verify
from butcher.passes.prune import prune


def keeps_the_meaning(graph: Graph, *, keep_estimates: bool) -> None:
    pruned = prune(graph, keep_estimates=keep_estimates)
    verify(pruned)
    before, after = run(graph), run(pruned, of=graph)
    outputs = dict(zip(graph.state, before.outputs, strict=True))
    assert after.outputs == tuple(outputs[key] for key in pruned.state)
    assert after.estimates == (before.estimates if keep_estimates else ())
    assert prune(pruned, keep_estimates=keep_estimates) == pruned


@pytest.mark.parametrize("graph", graphs.ALL, ids=lambda g: g.name)
@pytest.mark.parametrize("keep_estimates", [False, True])
def test_outputs_are_the_same(graph: Graph, keep_estimates: bool) -> None:
    keeps_the_meaning(graph, keep_estimates=keep_estimates)


@settings(max_examples=50)
@given(random_graphs())
def test_outputs_of_random_explicit_graphs_are_the_same(graph: Graph) -> None:
    keeps_the_meaning(graph, keep_estimates=False)
    keeps_the_meaning(graph, keep_estimates=True)


@settings(max_examples=50)
@given(random_graphs(implicit=True))
def test_outputs_of_random_implicit_graphs_are_the_same(graph: Graph) -> None:
    keeps_the_meaning(graph, keep_estimates=False)
    keeps_the_meaning(graph, keep_estimates=True)


def test_the_last_two_stages_stay_only_for_the_estimate() -> None:
    sixteen = graphs.sixteen()
    assert list(prune(sixteen).evaluation) == [f"k{i}" for i in range(1, 15)]
    assert prune(sixteen, keep_estimates=True) == sixteen


def test_dead_stages_named_values_states_and_symbols_go() -> None:
    pruned = prune(graphs.dead_parts())
    assert list(pruned.evaluation) == ["k1"]
    assert list(pruned.row) == ["Y1", "u[n+1]"]
    assert list(pruned.state) == ["u[n]", "u[n-1]"]
    assert pruned.outputs == ("u[n+1]", "u[n]")
    assert list(pruned.symbol) == ["h"]


def test_the_newest_value_stays_even_if_nothing_reads_it() -> None:
    graph = graphs.one_step("forgetful", {"u[n-1]": 1})
    assert list(prune(graph).state) == ["u[n]", "u[n-1]"]
    unread = replace(graph, rows=(graphs.row("u[n+1]", {}),), evaluations=())
    assert list(prune(unread).state) == ["u[n]"]


def test_the_parameter_of_a_drawn_symbol_stays() -> None:
    assert list(prune(graphs.stochastic_depth()).symbol) == ["h", "p", "eta"]
