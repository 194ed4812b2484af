"""Runge-Kutta theory, put together."""

import time
from dataclasses import fields, replace
from fractions import Fraction
from itertools import combinations
from math import inf, prod
from random import Random

import nodepy_methods
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from method_graphs import Value, runge_kutta
from nodepy_methods import METHODS

import butcher
from butcher.analysis.limits import UndefinedError
from butcher.analysis.runge_kutta import theory
from butcher.analysis.runge_kutta.tableau import butcher_tableau
from butcher.analysis.runge_kutta.theory import RungeKuttaTheory
from butcher.coefficient import Number
from butcher.ir.lower import lower
from butcher.resources import root

F = Fraction
NAMES = sorted(path.name.removesuffix(".tab") for path in root("specs").iterdir())


def shipped(name: str) -> RungeKuttaTheory:
    return theory.runge_kutta(lower(butcher.load(name)))


@pytest.mark.parametrize(
    ("name", "kind", "fsal", "stiffly_accurate"),
    [
        ("rk4", "explicit", False, False),
        ("dopri54", "explicit", True, False),
        ("tsit5", "explicit", True, False),
        ("bs32", "explicit", True, False),
        ("rkf45", "explicit", False, False),
        ("euler", "explicit", False, False),
        ("trapezoid", "singly diagonally implicit", True, True),
        ("backward_euler", "singly diagonally implicit", False, True),
        ("sdirk2", "singly diagonally implicit", False, True),
        ("implicit_midpoint", "singly diagonally implicit", False, False),
        ("radau_iia3", "fully implicit", False, True),
        ("gauss4", "fully implicit", False, False),
    ],
)
def test_the_structure_is_read_off(
    name: str, kind: str, fsal: bool, stiffly_accurate: bool
) -> None:
    found = shipped(name)
    assert (found.kind, found.fsal, found.stiffly_accurate) == (kind, fsal, stiffly_accurate)


def test_stages_that_are_solved_one_by_one_may_stand_in_any_order() -> None:
    lower_triangle = [[F(1, 4), 0], [F(1, 2), F(1, 3)]]
    upper_triangle = [[F(1, 3), F(1, 2)], [0, F(1, 4)]]
    for A in (lower_triangle, upper_triangle):
        found = theory.runge_kutta(runge_kutta(A, [F(1, 2), F(1, 2)]))
        assert found.kind == "diagonally implicit"


@pytest.mark.parametrize("name", nodepy_methods.EXACT)
def test_first_same_as_last_is_nodepy_s_word_with_a_first_stage(name: str) -> None:
    """NodePy looks at the last row alone, and at that of either solution."""
    method, found = METHODS[name], theory.runge_kutta(nodepy_methods.graph_of(name))
    last = all(method.A[-1] == method.b)
    assert found.fsal == (last and not any(method.A[0]))


def test_largest_coefficients_are_those_of_the_tables() -> None:
    assert shipped("dopri54").largest_coefficient == F(25360, 2187)
    assert shipped("rk4").largest_coefficient == 1


def test_rk4_is_what_the_textbook_says() -> None:
    found = shipped("rk4")
    assert found.exact
    assert found.stages == 4
    assert (found.b_p, found.c_q, found.d_r) == (4, 1, 1)
    assert found.stage_orders == (inf, 1, 1, 2)
    assert found.confluent
    assert (found.symplectic, found.symmetric, found.algebraically_stable) == (False, False, False)
    assert (found.ssp_coefficient, found.effective_ssp_coefficient) == (0, 0)
    assert found.embedded_principal_error is None
    assert found.unknown == {}


def test_the_effective_coefficient_is_per_stage() -> None:
    assert shipped("ssprk33").effective_ssp_coefficient == F(1, 3)
    assert shipped("heun2").effective_ssp_coefficient == F(1, 2)
    assert shipped("backward_euler").effective_ssp_coefficient == inf


def test_several_slots_leave_unknown_what_has_no_meaning_and_say_so() -> None:
    found = shipped("revnet")
    assert found.ssp_coefficient is None
    assert found.weak_stage_order is None
    assert found.algebraically_stable is None
    names = set(found.unknown)
    assert names == {"ssp_coefficient", "weak_stage_order", "algebraically_stable"}
    assert found.stages == 1


def test_decimals_are_said_to_be_decimals() -> None:
    assert not shipped("tsit5").exact
    assert shipped("verner98").exact


def is_defined(name: str) -> bool:
    try:
        butcher_tableau(lower(butcher.load(name)))
    except UndefinedError:
        return False
    return True


@pytest.mark.parametrize("name", [n for n in NAMES if is_defined(n)])
def test_every_shipped_method_is_told_in_a_moment(name: str) -> None:
    graph = lower(butcher.load(name))
    start = time.process_time()
    found = theory.runge_kutta(graph)
    assert time.process_time() - start < 3  # half a second, on a machine of its own
    assert found.principal_error is not None
    assert found.unknown == {} or len(graph.slots) > 1


# ---------------------------------------------------------------------- the form does not matter


def facts(found: RungeKuttaTheory) -> dict[str, object]:
    """What does not depend on the order in which stages are written; rounding taken away."""
    assert found.principal_error is not None
    hidden = {
        "stage_orders": tuple(sorted(found.stage_orders or ())),
        "principal_error": round(found.principal_error.norm, 12),
    }
    values = {field.name: getattr(found, field.name) for field in fields(found)}
    return values | hidden | {"pair": None, "embedded_principal_error": None}


small = st.fractions(-2, 2, max_denominator=4)
squares = st.integers(1, 3).flatmap(
    lambda s: st.tuples(
        st.lists(st.lists(small, min_size=s, max_size=s), min_size=s, max_size=s),
        st.lists(small.filter(bool), min_size=s, max_size=s),
        st.permutations(range(s)),
    )
)


@settings(max_examples=30)
@given(squares)
def test_permuting_stages_changes_nothing(
    table: tuple[list[list[Fraction]], list[Fraction], list[int]],
) -> None:
    A, b, order = table
    first = theory.runge_kutta(runge_kutta(A, b))
    rows = [[A[i][j] for j in order] for i in order]
    second = theory.runge_kutta(runge_kutta(rows, [b[i] for i in order]))
    assert facts(first) == facts(second)


@settings(max_examples=30)
@given(squares, st.lists(small, min_size=4, max_size=4))
def test_a_dead_stage_changes_nothing(
    table: tuple[list[list[Fraction]], list[Fraction], list[int]], extra: list[Fraction]
) -> None:
    A, b, _ = table
    first = theory.runge_kutta(runge_kutta(A, b))
    rows = [[*row, F(0)] for row in A] + [extra[: len(b) + 1]]
    assert theory.runge_kutta(runge_kutta(rows, [*b, F(0)])) == first


@settings(max_examples=20)
@given(squares)
def test_a_stage_of_the_estimate_alone_changes_the_estimate_alone(
    table: tuple[list[list[Fraction]], list[Fraction], list[int]],
) -> None:
    A, b, _ = table
    first = theory.runge_kutta(runge_kutta(A, b))
    rows = [[*row, F(0)] for row in A] + [[*b, F(0)]]
    bhat = [*b[:-1], F(0), b[-1]]
    second = theory.runge_kutta(runge_kutta(rows, [*b, F(0)], bhat=bhat))
    changed = {"stages", "confluent", "largest_coefficient", "stage_orders", "fsal"}
    changed |= {"embedded_principal_error", "pair"}
    same = {name: getattr(first, name) for name in changed}
    assert replace(second, **same) == first
    assert second.stages == len(b) + 1


# ---------------------------------------------------------------------- from a stranger


RADICANDS = [prod(some) for n in range(7) for some in combinations((2, 3, 5, 7, 11, 13), n)]


def dense(kind: str, size: int) -> tuple[list[list[Value]], list[Value]]:
    random = Random(1)

    def value() -> Value:
        if kind == "surds":
            return Number({d: random.randint(1, 99) for d in RADICANDS}, 99)
        if kind == "decimals":
            return f"{random.random():.17f}"
        digits = 10**1000 if kind == "long" else 99
        return F(random.randint(1, digits), random.randint(1, digits))

    return [[value() for _ in range(size)] for _ in range(size)], [value() for _ in range(size)]


@pytest.mark.parametrize(
    ("kind", "size"), [("rational", 64), ("surds", 64), ("decimals", 64), ("long", 20)]
)
def test_no_table_takes_long(kind: str, size: int) -> None:
    graph = runge_kutta(*dense(kind, size))
    start = time.process_time()
    found = theory.runge_kutta(graph)
    assert time.process_time() - start < 6  # about one and a half, on a machine of its own
    assert found.stages == size
    assert all(found.unknown.values())
    assert "ssp_coefficient" in found.unknown


@pytest.mark.parametrize("size", [F(1, 10**1000), F(10**1000)])
def test_numbers_that_no_double_holds_do_no_harm(size: Fraction) -> None:
    """Weights that are wrong by 10^-1000, or as far as 10^1000."""
    A = [[], [F(1, 2)], [F(-1), F(2)]]
    bhat = [F(1, 4), F(1, 2), F(1, 4) + size]
    found = theory.runge_kutta(runge_kutta(A, [F(1, 6), F(2, 3), F(1, 6)], bhat=bhat))
    assert found.embedded_principal_error is not None
    assert found.embedded_principal_error.norm == (0 if size < 1 else inf)
    assert found.pair is None
