"""B(p), C(q), D(r) and the orders of stages."""

from fractions import Fraction
from math import inf

import nodepy_methods
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from method_graphs import runge_kutta
from nodepy_methods import METHODS

import butcher
from butcher.analysis.runge_kutta.simplifying import SimplifyingAssumptions
from butcher.analysis.runge_kutta.tableau import butcher_tableau
from butcher.ir.graph import Graph
from butcher.ir.lower import lower

VERLET = """method verlet
  ode x' = f(y), y' = g(x)
  solve picard 2
tableau f
  | 1/2
  | 1/2
  ---------
  | 1/2 1/2
tableau g
  |
  | 1/2 1/2
  ---------
  | 1/2 1/2
"""


def assumptions(graph: Graph) -> SimplifyingAssumptions:
    return SimplifyingAssumptions(butcher_tableau(graph).advanced)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("GL2", (4, 2, 2)),
        ("GL3", (6, 3, 3)),
        ("RadauIIA2", (3, 2, 1)),
        ("RadauIIA3", (5, 3, 2)),
        ("LobattoIIIA2", (2, 2, 0)),
        ("LobattoIIIA3", (4, 3, 1)),
        ("LobattoIIIC2", (2, 1, 1)),
        ("LobattoIIIC3", (4, 2, 2)),
        ("LobattoIIIC4", (6, 3, 3)),
    ],
)
def test_the_families_of_quadrature_have_the_assumptions_of_the_textbook(
    name: str, wanted: tuple[int, int, int]
) -> None:
    """Hairer, Wanner, Solving ODEs II, table IV.5.13."""
    found = assumptions(nodepy_methods.graph_of(name))
    assert (found.b_p, found.c_q, found.d_r) == wanted


@pytest.mark.parametrize(
    ("A", "b", "wanted"),
    [
        # Radau IA and Lobatto IIIB: D is high, C is low (ibid.)
        ([["1/4", "-1/4"], ["1/4", "5/12"]], ["1/4", "3/4"], (3, 1, 2)),
        (
            [["1/6", "-1/6", 0], ["1/6", "1/3", 0], ["1/6", "5/6", 0]],
            ["1/6", "2/3", "1/6"],
            (4, 1, 3),
        ),
    ],
)
def test_and_so_have_those_that_are_no_collocation(
    A: list[list[str]], b: list[str], wanted: tuple[int, int, int]
) -> None:
    exact = [list(map(Fraction, line)) for line in A]
    found = assumptions(runge_kutta(exact, list(map(Fraction, b))))
    assert (found.b_p, found.c_q, found.d_r) == wanted


def test_every_stage_has_its_order() -> None:
    """Verner 8(9): 1, 2, 3, 3, 4, 4 and then 5, which all stages have that carry a weight."""
    found = assumptions(lower(butcher.load("verner89")))
    assert found.rows == (inf, 1, 2, 3, 3, 4, 4, *[5] * 7)
    assert (found.stage_order, found.pseudo_stage_order) == (1, 5)


def test_a_method_whose_first_stage_is_all_there_is_meets_c_for_every_q() -> None:
    found = assumptions(runge_kutta([[0]], [1]))
    assert (found.b_p, found.c_q, found.stage_order) == (1, inf, 1)


def test_weak_stage_order_is_higher_than_stage_order_where_it_was_designed_to_be() -> None:
    """Ketcheson, Seibold, Shirokoff, Zhou (2020), DIRK-(4,3,2): printed to eleven digits."""
    text = """method dirk432
  rounded 8
  order 3
tableau
  | 0.01900072890
  | 0.40434605601  0.38435717512
  | 0.06487908412  -0.16389640295  0.51545231222
  | 0.02343549374  -0.41207877888  0.96661161281  0.42203167233
  ---------------
  | 0.02343549374  -0.41207877888  0.96661161281  0.42203167233
"""
    found = assumptions(lower(butcher.parse(text)))
    assert (found.stage_order, found.weak_stage_order) == (1, 2)


@pytest.mark.parametrize("name", [n for n in nodepy_methods.EXACT if METHODS[n].A.shape < (9, 9)])
def test_nodepy_finds_the_same_stage_order(name: str) -> None:
    other = METHODS[name].__num__()  # its exact arithmetic takes a second a method
    assert assumptions(nodepy_methods.graph_of(name)).stage_order == other.stage_order()


def test_every_slot_of_a_partitioned_method_has_sums_of_its_own() -> None:
    """Stormer and Verlet's method: g reads the middle of the step twice, f its two ends."""
    found = assumptions(lower(butcher.parse(VERLET)))
    assert found.tableau.slots == ("f", "g", "g", "f")
    assert found.rows == (inf, 1, 1, 2)
    assert (found.b_p, found.c_q, found.stage_order) == (2, 1, 1)


fractions = st.fractions(min_value=-2, max_value=2, max_denominator=6)
squares = st.integers(1, 3).flatmap(
    lambda s: st.tuples(
        st.lists(st.lists(fractions, min_size=s, max_size=s), min_size=s, max_size=s),
        st.lists(fractions.filter(bool), min_size=s, max_size=s),
    )
)


@settings(max_examples=60)
@given(squares)
def test_brute_force_agrees(table: tuple[list[list[Fraction]], list[Fraction]]) -> None:
    A, b = table
    c = [sum(line, Fraction(0)) for line in A]
    found = assumptions(runge_kutta(A, b))
    s = range(len(b))
    for k in range(1, 4):
        B = sum(b[i] * c[i] ** (k - 1) for i in s) == Fraction(1, k)
        C = all(sum(A[i][j] * c[j] ** (k - 1) for j in s) == c[i] ** k / k for i in s)
        D = all(
            sum(b[i] * c[i] ** (k - 1) * A[i][j] for i in s) == b[j] * (1 - c[j] ** k) / k
            for j in s
        )
        for holds, reached in ((B, found.b_p), (C, found.c_q), (D, found.d_r)):
            if reached >= k - 1:
                assert holds == (reached >= k)
