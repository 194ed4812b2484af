"""Which evaluations run side by side: levels, and the longest chain."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ir.strategies import graphs as random_graphs

from butcher.analysis.network.concurrency import abreast, concurrency
from butcher.compiler import load, parse, shipped
from butcher.compiler.sweeps import straightened
from butcher.ir.graph import Graph
from butcher.ir.lower import lower
from butcher.passes.unroll import unroll


def longest_chain(graph: Graph) -> int:
    """By trying every way back from every evaluation."""

    @cache
    def behind(key: str) -> int:
        sources = graph.row[graph.evaluation[key].argument].coefficients
        return 1 + max((behind(s) for s in sources if s in graph.evaluation), default=0)

    return max((behind(e.key) for e in graph.evaluations), default=0)


@settings(max_examples=60)
@given(random_graphs())
def test_the_critical_path_is_the_longest_chain(graph: Graph) -> None:
    found = concurrency(graph)
    assert found.critical_path == longest_chain(graph)
    assert sorted(key for level in found.levels for key in level) == sorted(graph.evaluation)


@settings(max_examples=60)
@given(random_graphs())
def test_evaluations_of_a_level_read_lower_levels_only(graph: Graph) -> None:
    done = set(graph.state)
    for level in concurrency(graph).levels:
        for key in level:
            assert done >= graph.row[graph.evaluation[key].argument].coefficients.keys()
        done |= set(level)


@settings(max_examples=60)
@given(random_graphs(implicit=True))
def test_circles_have_the_levels_of_their_sweeps_written_out(graph: Graph) -> None:
    # the first sweep drops terms of the circle, and nothing else: levels can only come earlier
    written, found = concurrency(unroll(graph)), concurrency(graph)
    assert written.evaluations == found.evaluations
    assert written.critical_path <= found.critical_path


@pytest.mark.parametrize("name", ["gauss4", "radau_iia3", "sdirk2", "trapezoid", "am4", "bdf4"])
def test_shipped_circles_have_as_many_levels_as_written_out(name: str) -> None:
    graph = lower(load(name))
    written, found = concurrency(straightened(graph)), concurrency(graph)
    assert (written.evaluations, written.critical_path) == (found.evaluations, found.critical_path)


@settings(max_examples=60)
@given(random_graphs(), st.sets(st.sampled_from(["k1", "k2", "k3"])))
def test_evaluations_abreast_stand_as_they_stood_and_need_nothing_of_each_other(
    graph: Graph, alone: set[str]
) -> None:
    found = abreast(graph, alone)
    assert [e for level in found for e in level] == list(graph.evaluations)
    for level in found:
        read = {key for e in level for key in graph.row[e.argument].coefficients}
        assert read.isdisjoint(e.key for e in level)
        assert len(level) == 1 or alone.isdisjoint(e.key for e in level)


def test_an_evaluation_that_stands_behind_one_that_it_does_not_need_changes_no_places() -> None:
    text = """method mixed
step
  w = u[n] + f(u[n])
  v = u[n] + g(w)
  u[n+1] = v + l(u[n])
"""
    graph = lower(parse(text))
    levels = [[e.slot for e in level] for level in abreast(graph)]
    assert levels == [["f"], ["g", "l"]]
    assert [len(level) for level in concurrency(graph).levels] == [2, 1]


def test_two_stages_of_gauss_run_side_by_side() -> None:
    found = concurrency(lower(load("gauss4")))
    assert found.levels == (("k1", "k2"),) * 4
    assert (found.width, found.parallelism) == (2, 2.0)


def test_the_branches_of_shake_shake_run_side_by_side() -> None:
    found = concurrency(straightened(lower(load("shake_shake"))))
    assert (found.critical_path, found.width, found.parallelism) == (1, 2, 2.0)


@pytest.mark.parametrize("name", ["rk4", "dopri54", "dop853", "verner89"])
def test_stages_that_read_the_one_before_run_one_by_one(name: str) -> None:
    found = concurrency(straightened(lower(load(name))))
    assert (found.width, found.parallelism) == (1, 1.0)


def test_stages_that_only_the_estimate_reads_may_run_beside_others() -> None:
    # Verner's k15 does not read k14
    levels = concurrency(lower(load("verner89"))).levels
    assert ("k14", "k15") in levels
    assert len(levels) == 15


@pytest.mark.parametrize("name", shipped())
def test_parallelism_is_evaluations_by_levels(name: str) -> None:
    found = concurrency(straightened(lower(load(name))))
    assert found.parallelism * found.critical_path == pytest.approx(found.evaluations)
    assert found.parallelism <= found.width
