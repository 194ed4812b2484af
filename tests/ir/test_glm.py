"""The matrix view of the networks, entry by entry as the literature writes them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest
from ir import graphs
from ir.graphs import ETA, JOINS, MIX, Exact, F, G, H, K, of
from ir.residues import Residue, run, states, symbols

from butcher.coefficient import Coefficient
from butcher.ir.glm import Matrix, general_linear_method
from butcher.ir.graph import Graph

a, eta, g, k = of(MIX), of(ETA), of(G), of(K)
k1, k2, k3 = map(of, JOINS)
one = F(1)
half = H / 2

Expected = Sequence[Sequence[Exact]]
RK4 = [[0, 0, 0, 0], [half, 0, 0, 0], [0, half, 0, 0], [0, 0, H, 0]]
ONES = [[1], [1], [1], [1]]

# name, graph, A, U, B, V
TABLE: list[tuple[Graph, Expected, Expected, Expected, Expected]] = [
    (graphs.euler(), [[0]], [[1]], [[H]], [[1]]),
    (graphs.midpoint(), [[0, 0], [half, 0]], [[1], [1]], [[0, H]], [[1]]),
    (graphs.rk4(), RK4, ONES, [[H / 6, H / 3, H / 3, H / 6]], [[1]]),
    (graphs.rk4_light(), RK4, ONES, [[0, 0, 0, H]], [[1]]),
    (
        graphs.sixteen(),
        [[H * Coefficient.of(e) if j < 14 else 0 for j, e in enumerate(r)] for r in graphs.SIXTEEN],
        [[1]] * 16,
        [[H * Coefficient.of(w) for w in graphs.SIXTEEN_WEIGHTS]],
        [[1]],
    ),
    (graphs.lm_resnet(), [[0]], [[1, 0]], [[H], [0]], [[one - k, k], [1, 0]]),
    (graphs.stochastic_lm(), [[0]], [[1, 0]], [[eta * H], [0]], [[g + 2, -g - 1], [1, 0]]),
    (graphs.midpoint_network(), [[0]], [[1, 0]], [[H * 2], [0]], [[0, 1], [1, 0]]),
    (graphs.second_order(), [[0]], [[1, 0]], [[H**2], [0]], [[2, -1], [1, 0]]),
    (graphs.ab2(), [[0]], [[1, 0]], [[H * F(3, 2)], [1]], [[1, -half], [0, 0]]),
    (graphs.polynet(), [[0, 0], [H, 0]], [[1], [0]], [[H, H]], [[1]]),
    (graphs.polynet("mpoly2", "fg", 1), [[0, 0], [1, 0]], [[1], [0]], [[1, 1]], [[1]]),
    (graphs.polynet_2way(), [[0, 0], [0, 0]], [[1], [1]], [[1, 1]], [[1]]),
    (graphs.shake_shake(), [[0, 0], [0, 0]], [[1], [1]], [[a * H, (one - a) * H]], [[1]]),
    (graphs.fractal2(), [[0, 0], [1, 0]], [[1], [k3]], [[k2, 1]], [[k1 + k2 * k3]]),
    (
        graphs.revnet(),
        [[0, 0], [H, 0]],
        [[0, 1], [1, 0]],
        [[H, 0], [0, H]],
        [[1, 0], [0, 1]],
    ),
    (graphs.stochastic_depth(), [[0]], [[1]], [[eta * H]], [[1]]),
]


def same(found: Matrix, expected: Expected) -> bool:
    return found == tuple(tuple(Coefficient.of(e) for e in line) for line in expected)


@pytest.mark.parametrize(
    ("graph", "A", "U", "B", "V"), [pytest.param(*line, id=line[0].name) for line in TABLE]
)
def test_the_view_is_the_printed_one(
    graph: Graph, A: Expected, U: Expected, B: Expected, V: Expected
) -> None:
    view = general_linear_method(graph)
    assert same(view.A, A)
    assert same(view.U, U)
    assert same(view.B, B)
    assert same(view.V, V)


@pytest.mark.parametrize("graph", graphs.EXPLICIT, ids=lambda g: g.name)
def test_the_view_computes_what_the_graph_computes(graph: Graph) -> None:
    view, result = general_linear_method(graph), run(graph)
    k, y, now = [*result.evaluations.values()], [*states(graph).values()], symbols(graph)
    for matrices, expected in (
        ((view.B, view.V), result.outputs),
        ((view.A, view.U), [result.rows[e.argument] for e in graph.evaluations]),
    ):
        for left, right, value in zip(*matrices, expected, strict=True):
            parts = zip((*left, *right), (*k, *y), strict=True)
            assert sum((s * c.evaluate(now) for c, s in parts), Residue(0)) == value


def test_implicit_stages_fill_the_diagonal() -> None:
    view = general_linear_method(graphs.implicit_midpoint())
    assert same(view.A, [[half]])


def test_row_sums_count_values_alone() -> None:
    view = general_linear_method(graphs.ab2())
    assert view.U_sums == (one,)
    assert view.V_sums == (one, one * 0)
    assert view.is_preconsistent


def test_polynet_does_not_keep_constants() -> None:
    view = general_linear_method(graphs.polynet())
    assert view.U_sums == (one, one * 0)
    assert not view.is_preconsistent
    assert not general_linear_method(graphs.fractal3()).is_preconsistent


def test_weights_that_do_not_sum_to_one_do_not_keep_constants() -> None:
    graph = graphs.one_step("damped", {"u[n]": Fraction(9, 10), "k1": H})
    assert not general_linear_method(graph).is_preconsistent


def test_it_prints_as_a_table() -> None:
    assert str(general_linear_method(graphs.lm_resnet())) == (
        "         |  k1  |  u[n]  u[n-1]\n"
        "-------------------------------\n"
        "  Y(k1)  |   .  |     1       .\n"
        "-------------------------------\n"
        "  u[n]'  |   h  |   1-k       k\n"
        "u[n-1]'  |   .  |     1       ."
    )
