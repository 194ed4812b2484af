"""Feature maps carried across an evaluation: kept, covered, and the rank below both."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from random import Random

import networkx as nx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ir.strategies import graphs as random_graphs
from method_graphs import runge_kutta
from passes.every_schedule import Search
from passes.followed import kept_to_the_last_use

from butcher.analysis.limits import UndefinedError
from butcher.analysis.network.carried import Cover, Cut, covers, cuts, matching
from butcher.coefficient import Coefficient
from butcher.compiler import load, shipped
from butcher.compiler.sweeps import straightened
from butcher.ir.graph import Graph, Row, Term
from butcher.ir.lower import lower
from butcher.passes.prune import prune

F = Fraction
trained = st.sets(st.sampled_from(["h", "a"])).map(frozenset)


def block(name: str, *, estimate: bool = False) -> Graph:
    graph = lower(load(name))
    return prune(graph, keep_estimates=True) if estimate else straightened(graph)


def most(graph: Graph) -> tuple[int, int, int | None]:
    """kept, cover and rank where each is largest."""
    found = cuts(graph)
    ranks = [cut.rank for cut in found]
    known = None if None in ranks else max(rank for rank in ranks if rank is not None)
    return max(cut.kept for cut in found), max(len(cut.cover) for cut in found), known


def with_error(name: str) -> Graph:
    """The estimate as the difference b - bhat, which does not read u."""
    graph = block(name, estimate=True)
    (estimate,) = graph.estimates
    bhat, new = graph.row[estimate.row], graph.row[graph.outputs[0]]
    sources = dict.fromkeys([*new.coefficients, *bhat.coefficients])
    zero = Coefficient.of(0)
    difference = {
        s: new.coefficients.get(s, zero) - bhat.coefficients.get(s, zero) for s in sources
    }
    err = Row(bhat.key, tuple(Term(s, c) for s, c in difference.items() if c))
    return graph.changed(rows=[err if row.key == bhat.key else row for row in graph.rows])


# what a prototype counted, allocation by allocation
CARRIED = {"euler": (1, 1, 1), "midpoint": (1, 1, 1), "rk4": (4, 2, 2), "rk38": (4, 2, 2)}
CARRIED |= {"dopri54": (5, 3, 3), "verner89": (9, 5, 5)}


@pytest.mark.parametrize("name", CARRIED)
def test_maps_are_as_many_as_were_counted(name: str) -> None:
    assert most(block(name)) == CARRIED[name]


@pytest.mark.parametrize(("name", "wanted"), [("dopri54", (6, 4, 4)), ("verner89", (11, 7, 7))])
def test_an_error_row_is_carried_along(name: str, wanted: tuple[int, int, int]) -> None:
    assert most(with_error(name)) == wanted


def test_a_method_may_be_of_lower_rank_than_its_zeros_tell() -> None:
    # SSPRK(10,4), Ketcheson (2008), two registers: five steps, a mean, five steps
    sixth, part = F(1, 6), F(1, 15)
    upper = [[sixth] * i for i in range(5)]
    A = upper + [[part] * 5 + [sixth] * i for i in range(5)]
    A = [row + [F(0)] * (10 - len(row)) for row in A]
    assert most(runge_kutta(A, [F(1, 10)] * 10))[1:] == (5, 2)


def test_a_trained_number_does_not_count_as_its_start() -> None:
    # rezero starts at 0: the rank is that of any other value
    assert most(block("rezero")) == (1, 1, 1)


def test_a_row_that_is_returned_and_read_is_one_map() -> None:
    # RevNet while g works: the new x, and y
    cover = Cover("k2", ("y[n]",), ("x[n+1]",))
    assert cuts(block("revnet"))[1] == Cut(cover, kept=2, rank=2)


def test_implicit_stages_have_to_be_written_out() -> None:
    with pytest.raises(UndefinedError, match="written out"):
        cuts(lower(load("gauss4")))


# ---------------------------------------------------------------------- second opinions


@settings(max_examples=60)
@given(random_graphs())
def test_kept_is_what_a_schedule_without_sums_keeps(graph: Graph) -> None:
    assert [cut.kept for cut in cuts(graph)] == list(map(len, kept_to_the_last_use(graph)))


@pytest.mark.parametrize("name", shipped())
def test_kept_is_what_such_a_schedule_of_a_shipped_method_keeps(name: str) -> None:
    graph = block(name)
    assert [cut.kept for cut in cuts(graph)] == list(map(len, kept_to_the_last_use(graph)))


@settings(max_examples=80)
@given(random_graphs(), trained)
def test_no_schedule_at_all_carries_less(graph: Graph, tensors: frozenset[str]) -> None:
    search = Search(graph, tensors)
    assume(len(search.edges) <= 9)
    found = [len(cover) for cover in covers(graph, tensors)]
    assert found == search.fewest()


@settings(max_examples=100)
@given(random_graphs(), trained)
def test_what_a_cover_lets_go_never_comes_back(graph: Graph, tensors: frozenset[str]) -> None:
    is_monotone(graph, covers(graph, tensors))


@pytest.mark.parametrize("seed", range(60))
def test_what_a_cover_of_a_random_tableau_lets_go_never_comes_back(seed: int) -> None:
    random = Random(seed)
    stages, density = random.randint(2, 16), random.random()
    A = [[F(random.random() < density) * (j < i) for j in range(stages)] for i in range(stages)]
    graph = runge_kutta(A, [F(random.random() < density) for _ in range(stages)])
    is_monotone(graph, covers(graph))


def is_monotone(graph: Graph, found: Sequence[Cover]) -> None:
    """A value that is dropped stays away; a sum that is begun stays until its row is there."""
    end = len(graph.evaluations)
    due = {e.argument: i for i, e in reversed(list(enumerate(graph.evaluations)))}
    values, begun = set(graph.arrival), set[str]()
    for position, cover in enumerate(found):
        arrived = {e.key for e in graph.evaluations[:position]} | graph.state.keys()
        assert set(cover.values) <= values & arrived
        assert all(due.get(row_of(key), end) == position for key in begun - set(cover.sums))
        values -= arrived - set(cover.values)
        begun = {key for key in cover.sums if due.get(row_of(key), end) > position}


def row_of(part: str) -> str:
    """`Y2/1` is a part of `Y2`."""
    return part.split("/")[0]


@settings(max_examples=60)
@given(random_graphs())
def test_the_floors_are_in_order(graph: Graph) -> None:
    for cut in cuts(graph):
        assert cut.rank is not None
        assert cut.rank <= len(cut.cover) <= cut.kept


edges = st.lists(st.lists(st.integers(-2, 4), max_size=5), max_size=6)


@given(edges)
def test_a_matching_is_as_large_as_the_smallest_cover(lists: list[list[int]]) -> None:
    pairs = [(("left", i), ("right", j)) for i, row in enumerate(lists) for j in row]
    vertices = sorted({vertex for pair in pairs for vertex in pair})
    smallest = next(
        size
        for size in range(len(vertices) + 1)
        for chosen in combinations(vertices, size)
        if all(a in chosen or b in chosen for a, b in pairs)
    )
    assert matching(lists) == smallest


@given(st.lists(st.lists(st.integers(-9, 30), max_size=30), max_size=30))
def test_a_large_matching_is_that_of_hopcroft_and_karp(lists: list[list[int]]) -> None:
    graph = nx.Graph()
    left = [("left", i) for i in range(len(lists))]
    graph.add_nodes_from(left)
    graph.add_edges_from((("left", i), ("right", j)) for i, row in enumerate(lists) for j in row)
    found = nx.bipartite.hopcroft_karp_matching(graph, left)
    assert matching(lists) == len(found) // 2


def test_sixty_four_dense_stages_take_a_second_at_most() -> None:
    # relations among all rows: the rank is far below the cover and has to be eliminated
    A = [[F((i + 1) * (j + 2) + i * i * j) for j in range(i)] for i in range(64)]
    found = cuts(runge_kutta([row + [F(0)] * (64 - len(row)) for row in A], [F(1)] * 64))
    assert max(len(cut.cover) for cut in found) == 32
    assert {cut.rank for cut in found[:8]} == {1, 2, 3}
