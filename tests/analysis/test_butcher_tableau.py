"""A graph as a tableau: A, b, bhat and c."""

from fractions import Fraction
from random import Random

import pytest
from method_graphs import runge_kutta

import butcher
from butcher.analysis.limits import UndefinedError
from butcher.analysis.runge_kutta.tableau import ButcherTableau, butcher_tableau
from butcher.coefficient import Number
from butcher.ir.lower import lower

F = Fraction


def shipped(name: str) -> ButcherTableau:
    return butcher_tableau(lower(butcher.load(name)))


def numbers(line: tuple[object, ...]) -> list[Number]:
    return [one.value for one in line]  # type: ignore[attr-defined]


def test_a_table_comes_back_as_it_was_written() -> None:
    found = shipped("rk4")
    assert [numbers(row) for row in found.A] == [
        [0, 0, 0, 0],
        [F(1, 2), 0, 0, 0],
        [0, F(1, 2), 0, 0],
        [0, 0, 1, 0],
    ]
    assert numbers(found.b) == [F(1, 6), F(1, 3), F(1, 3), F(1, 6)]
    assert numbers(found.c) == [0, F(1, 2), F(1, 2), 1]
    assert found.bhat is None
    assert found.is_exact


def test_a_difference_is_turned_into_the_embedded_weights() -> None:
    A = [[], [F(1, 2)]]
    found = butcher_tableau(runge_kutta(A, [0, 1], err=[F(-1, 4), F(1, 4)]))
    assert found.bhat is not None
    assert numbers(found.bhat) == [F(1, 4), F(3, 4)]


def test_update_equations_are_a_tableau_too() -> None:
    text = """method middle
step
  k1 = f(u[n])
  k2 = f(u[n] + h/2*k1)
  u[n+1] = u[n] + h*k2
"""
    found, table = butcher_tableau(lower(butcher.parse(text))), shipped("midpoint")
    assert (found.A, found.b, found.c) == (table.A, table.b, table.c)


def test_symbols_stand_at_their_start_values() -> None:
    assert numbers(shipped("stochastic_depth").b) == [1]
    found = shipped("heun_family")
    assert found.A[1][0].value == found.c[1].value


def test_of_several_slots_every_evaluation_has_its_row() -> None:
    found = shipped("revnet")
    assert (found.slots, found.reads, found.drives) == (("f", "g"), ("y", "x"), ("x", "y"))
    assert [numbers(row) for row in found.A] == [[0, 0], [1, 0]]
    assert numbers(found.b) == [1, 1]
    assert not found.has_one_slot


def test_a_stage_of_the_estimate_alone_is_not_part_of_the_advanced_solution() -> None:
    found = shipped("dopri54")
    assert len(found) == 7
    assert len(found.advanced) == 6


def test_a_dead_stage_is_left_out() -> None:
    with_dead = runge_kutta([[], [F(1, 2)], [F(3), F(4)]], [0, 1, 0])
    assert butcher_tableau(with_dead).A == butcher_tableau(runge_kutta([[], [F(1, 2)]], [0, 1])).A


def test_equal_stages_are_merged_and_others_are_not() -> None:
    A = [[0, 0, 0], [F(1, 2), 0, 0], [F(1, 2), 0, 0]]
    found = butcher_tableau(runge_kutta(A, [0, F(1, 3), F(2, 3)])).irreducible
    assert [numbers(row) for row in found.A] == [[0, 0], [F(1, 2), 0]]
    assert numbers(found.b) == [0, 1]
    assert len(shipped("verner89").irreducible) == 14


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ab2", "f\\[n\\] of an earlier block"),
        ("bdf2", "uses a value of an earlier block"),
        ("leapfrog", "uses a value of an earlier block"),
        ("lm_resnet", "uses a value of an earlier block"),
        ("second_order", "not for u''"),
        ("fractal3", "linear map"),
        ("polynet_poly2", "does not keep constants"),
        ("skipinit", "depends on no evaluation"),
    ],
)
def test_what_is_no_runge_kutta_method_says_why(name: str, reason: str) -> None:
    with pytest.raises(UndefinedError, match=reason):
        shipped(name)


def test_a_node_of_any_length_is_no_trouble() -> None:
    """A row sum of more digits than Python writes."""
    random = Random(0)
    row = [F(random.randint(1, 10**1000), random.randint(1, 10**1000)) for _ in range(9)]
    found = butcher_tableau(runge_kutta([row] * 9, [F(1, 9)] * 9))
    assert found.c[0].value == sum(row)
