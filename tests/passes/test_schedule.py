"""`schedule` says what is computed when: it means the graph, and carries what its cover says."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ir import graphs
from ir.strategies import graphs as random_graphs
from passes.followed import POLICIES, apart, carried, follow

from butcher.analysis.network.carried import Cover, covers
from butcher.analysis.network.concurrency import abreast, concurrency
from butcher.compiler import load, shipped
from butcher.compiler.sweeps import straightened
from butcher.ir.graph import Evaluation, Graph
from butcher.ir.lower import Step as StepKind
from butcher.ir.lower import lower
from butcher.passes.prune import prune
from butcher.passes.schedule import Add, Drop, Evaluate, Join, Together, schedule

STEPS = ("fixed", "learned", "per-stage")


@cache
def block(name: str, step: str) -> Graph:
    return straightened(lower(load(name), cast(StepKind, step)))


def own(
    graph: Graph, found: Sequence[Cover], levels: Sequence[Sequence[Evaluation]] | None = None
) -> list[set[str]]:
    """What each says, states and the argument of the evaluation apart."""
    levels = [[e] for e in graph.evaluations] if levels is None else levels
    return [
        apart(graph, level, [*cover.values, *cover.sums])
        for level, cover in zip(levels, found, strict=True)
    ]


# ---------------------------------------------------------------------- it means the graph


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", shipped())
def test_a_shipped_method_keeps_its_meaning_whatever_is_carried(name: str, policy: str) -> None:
    for step in STEPS:
        graph = block(name, step)
        found = POLICIES[policy](graph, None)
        assert carried(graph, schedule(graph, carried=found)) == own(graph, found)


@pytest.mark.parametrize("graph", graphs.EXPLICIT, ids=lambda g: g.name)
def test_a_graph_made_by_hand_keeps_its_meaning(graph: Graph) -> None:
    follow(graph, schedule(graph))


trained = st.sets(st.sampled_from(["h", "a"])).map(frozenset)
"""Symbols of random graphs that may be tensors: what they multiply may be a sum of its own."""


@pytest.mark.parametrize("policy", POLICIES)
@settings(max_examples=60)
@given(random_graphs(), trained)
def test_a_random_graph_keeps_its_meaning_whatever_is_carried(
    policy: str, graph: Graph, tensors: frozenset[str]
) -> None:
    found = POLICIES[policy](graph, tensors)
    follow(graph, schedule(graph, tensors=tensors, carried=found))


@settings(max_examples=60)
@given(random_graphs(), trained)
def test_what_is_there_is_what_the_cover_says(graph: Graph, tensors: frozenset[str]) -> None:
    found = covers(graph, tensors)
    assert carried(graph, schedule(graph, tensors=tensors)) == own(graph, found)


@settings(max_examples=30)
@given(random_graphs())
def test_without_tensors_every_row_is_one_sum(graph: Graph) -> None:
    steps = schedule(graph, tensors=())
    assert not any(isinstance(step, Join) for step in steps)
    follow(graph, steps)


@pytest.mark.parametrize("name", ["dopri54", "verner89", "bs32"])
def test_estimates_are_computed_where_they_are_kept(name: str) -> None:
    graph = prune(lower(load(name)), keep_estimates=True)
    assert graph.estimates
    assert carried(graph, schedule(graph)) == own(graph, covers(graph))


# ---------------------------------------------------------------------- levels at once


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_method_keeps_its_meaning_when_levels_are_evaluated_at_once(name: str) -> None:
    for step in STEPS:
        graph = block(name, step)
        levels = abreast(graph)
        assert tuple(tuple(e.key for e in level) for level in levels) == concurrency(graph).levels
        found = covers(graph, levels=levels)
        assert carried(graph, schedule(graph, levels=levels)) == own(graph, found, levels)


@settings(max_examples=100)
@given(random_graphs(), trained, st.sets(st.sampled_from(["k1", "k2", "k3"])))
def test_a_random_graph_keeps_its_meaning_when_levels_are_evaluated_at_once(
    graph: Graph, tensors: frozenset[str], alone: set[str]
) -> None:
    levels = abreast(graph, alone)
    found = covers(graph, tensors, levels)
    steps = schedule(graph, tensors=tensors, levels=levels)
    assert carried(graph, steps) == own(graph, found, levels)
    keys = [[e.key for e in step.evaluations] for step in steps if isinstance(step, Together)]
    assert keys == [[e.key for e in level] for level in levels if len(level) > 1]
    assert alone.isdisjoint(key for level in keys for key in level)


# ---------------------------------------------------------------------- how it reads


def told(graph: Graph, levels: Sequence[Sequence[Evaluation]] | None = None) -> list[str]:
    """The steps in words, `Drop` left out."""
    found = []
    for step in schedule(graph, levels=levels):
        match step:
            case Add():
                sources = " ".join(term.source for term in step.terms)
                found.append(f"{step.sum.key} {'=' if step.begins else '+='} {sources}")
            case Join():
                found.append(f"join {step.row.key}")
            case Evaluate(evaluation):
                found.append(evaluation.key)
            case Together(evaluations):
                found.append(" and ".join(e.key for e in evaluations))
            case Drop():
                pass
    return found


def test_rk4_begins_the_new_value_when_k1_and_k2_would_have_to_be_kept() -> None:
    assert told(block("rk4", "fixed")) == [
        "k1",
        "Y2 = u[n] k1",
        "k2",
        "u[n+1] = u[n] k1 k2",
        "Y3 = u[n] k2",
        "k3",
        "u[n+1] += k3",
        "Y4 = u[n] k3",
        "k4",
        "u[n+1] += k4",
    ]


def test_the_arguments_of_a_level_are_there_before_it_and_sums_go_on_behind_it() -> None:
    graph = block("gauss4", "fixed")
    assert told(graph, abreast(graph))[:6] == [
        "k1.1 and k2.1",
        "Y1.2 = u[n] k1.1 k2.1",
        "Y2.2 = u[n] k1.1 k2.1",
        "k1.2 and k2.2",
        "Y1.3 = u[n] k1.2 k2.2",
        "Y2.3 = u[n] k1.2 k2.2",
    ]


def test_the_new_x_of_revnet_is_computed_once_before_g() -> None:
    assert told(graphs.revnet()) == ["k1", "x[n+1] = x[n] k1", "k2", "y[n+1] = y[n] k2"]


def test_what_a_trained_step_multiplies_is_added_up_apart() -> None:
    graph = block("heun2", "learned")
    assert told(graph)[-2:] == ["u[n+1]/1 = k1 k2", "join u[n+1]"]


def test_rows_that_nothing_reads_are_not_computed() -> None:
    assert not any(word.startswith("w ") for word in told(graphs.dead_parts()))


def test_an_implicit_graph_has_no_schedule() -> None:
    with pytest.raises(ValueError, match="unroll it first"):
        schedule(graphs.gauss4())
