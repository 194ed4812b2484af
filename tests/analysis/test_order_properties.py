"""What is proved of any table is what its conditions say one by one, in any order of its stages."""

from __future__ import annotations

from ast import literal_eval
from fractions import Fraction

import kauri
from hypothesis import given, settings
from hypothesis import strategies as st
from method_graphs import runge_kutta
from plain_tables import Tree, branches, weight
from plain_tables import order as plain_order

from butcher.analysis.conditions.order import order

F = Fraction
Rows = list[list[Fraction]]

TABLES: list[tuple[Rows, list[Fraction]]] = [
    ([[F(0)] * 2, [F(2, 3), F(0)]], [F(1, 4), F(3, 4)]),
    ([[F(5, 12), F(-1, 12)], [F(3, 4), F(1, 4)]], [F(3, 4), F(1, 4)]),
    (
        [[F(0)] * 3, [F(1, 2), F(0), F(0)], [F(-1), F(2), F(0)]],
        [F(1, 6), F(2, 3), F(1, 6)],
    ),
    (
        [[F(0)] * 4, [F(1, 2)] + [F(0)] * 3, [F(0), F(1, 2), F(0), F(0)], [F(0), F(0), F(1), F(0)]],
        [F(1, 6), F(1, 3), F(1, 3), F(1, 6)],
    ),
    (
        [[F(1, 6), F(-1, 3), F(1, 6)], [F(1, 6), F(5, 12), F(-1, 12)], [F(1, 6), F(2, 3), F(1, 6)]],
        [F(1, 6), F(2, 3), F(1, 6)],
    ),
]


@st.composite
def changed(draw: st.DrawFn) -> tuple[Rows, list[Fraction]]:
    """A table of a book, with up to two cells of A other ones."""
    A, b = draw(st.sampled_from(TABLES))
    A = [list(row) for row in A]
    place = st.integers(0, len(b) - 1)
    for _ in range(draw(st.integers(0, 2))):
        A[draw(place)][draw(place)] += draw(st.fractions(-1, 1, max_denominator=6))
    return A, b


def canonical(tree: object) -> str:
    """A tree by its subtrees, sorted."""
    assert isinstance(tree, list)
    return f"[{','.join(sorted(map(canonical, tree)))}]"


def listed(tree: Tree) -> list[object]:
    return [listed(branch) for branch in branches(tree)]


@settings(max_examples=80)
@given(changed())
def test_the_broken_conditions_are_those_that_are_broken_one_by_one(
    table: tuple[Rows, list[Fraction]],
) -> None:
    A, b = table
    result = order(runge_kutta(A, b), 6).advanced
    assert result.order == plain_order(A, b)
    expected = {
        canonical(listed(tree.list_repr)): (got, tree.sigma())
        for tree in kauri.trees_of_order(result.order + 1)
        if (got := weight(A, b, tree.list_repr)) != F(1, tree.factorial())
    }
    found = {canonical(literal_eval(f.tree)): (f.got, f.sigma) for f in result.failures}
    assert found == expected


@settings(max_examples=40)
@given(changed(), st.randoms(use_true_random=False), st.integers(0, 3))
def test_neither_the_order_of_stages_nor_a_stage_in_two_parts_changes_anything(
    table: tuple[Rows, list[Fraction]], random: object, which: int
) -> None:
    A, b = table
    plain = order(runge_kutta(A, b), 6).advanced
    # a stage twice, each with half the weight wherever it is read
    k = which % len(b)
    halved = [[a / 2 if j == k else a for j, a in enumerate(row)] for row in A]
    A = [[*row, row[k]] for row in halved]
    A.append(list(A[k]))
    b = [w / 2 if j == k else w for j, w in enumerate(b)]
    b.append(b[k])
    places = list(range(len(b)))
    random.shuffle(places)  # type: ignore[attr-defined]
    mixed = order(
        runge_kutta([[A[i][j] for j in places] for i in places], [b[i] for i in places]), 6
    ).advanced
    assert (mixed.order, mixed.failures) == (plain.order, plain.failures)
