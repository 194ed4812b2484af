"""The strong-stability coefficient."""

from fractions import Fraction
from math import inf

import nodepy_methods
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from method_graphs import multistep, runge_kutta
from nodepy_methods import METHODS

import butcher
from butcher.analysis.limits import UndefinedError
from butcher.analysis.multistep.method import linear_multistep
from butcher.analysis.runge_kutta.contractivity import ssp_coefficient, ssp_coefficient_multistep
from butcher.analysis.runge_kutta.tableau import butcher_tableau
from butcher.coefficient import Number
from butcher.ir.graph import Graph
from butcher.ir.lower import lower

F = Fraction
Table = tuple[list[list[Fraction]], list[Fraction]]


def ssp(graph: Graph) -> Number | float:
    return ssp_coefficient(butcher_tableau(graph))


def of_order_three(n: int) -> Table:
    """The optimal method of n^2 stages (Ketcheson 2008, 3.3), C = n^2 - n."""
    s, r = n * n, n * n - n
    rows: list[list[Fraction]] = [[F(0)] * s]
    for i in range(1, s + 1):
        row = list(rows[-1])
        row[i - 1] += F(1, r)
        if i == n * (n + 1) // 2:
            old = rows[(n - 1) * (n - 2) // 2]
            row = [
                F(n, 2 * n - 1) * a + F(n - 1, 2 * n - 1) * b for a, b in zip(old, row, strict=True)
            ]
        rows.append(row)
    return rows[:s], rows[s]


@pytest.mark.parametrize("s", [2, 3, 5, 10])
def test_the_optimal_methods_of_order_two_reach_one_less_than_their_stages(s: int) -> None:
    A = [[F(i > j, s - 1) for j in range(s)] for i in range(s)]
    assert ssp(runge_kutta(A, [F(1, s)] * s)) == s - 1


@pytest.mark.parametrize("n", [2, 3])
def test_the_optimal_methods_of_order_three_reach_n_times_n_minus_one(n: int) -> None:
    assert ssp(runge_kutta(*of_order_three(n))) == n * n - n


def test_ten_stages_of_order_four_reach_six_exactly() -> None:
    """Ketcheson (2008), SSP(10,4)."""
    found = ssp(nodepy_methods.graph_of("SSP104"))
    assert found == Number.of(6)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("euler", 1),
        ("heun2", 1),
        ("ssprk33", 1),
        ("ralston2", F(1, 2)),
        ("midpoint", 0),
        ("heun3", 0),
        ("rk4", 0),
        ("dopri54", 0),
        ("verner89", 0),
        ("gauss4", 0),
        ("implicit_midpoint", 2),
        ("trapezoid", 2),
        ("backward_euler", inf),
    ],
)
def test_shipped_methods_have_the_coefficients_of_the_literature(
    name: str, wanted: float | Fraction
) -> None:
    """Kraaijevanger (1991); Gottlieb, Ketcheson, Shu, SSP methods (2011)."""
    assert ssp(lower(butcher.load(name))) == wanted


def test_implicit_midpoint_steps_side_by_side_are_the_best_sdirk_methods_of_order_two() -> None:
    """Ferracina and Spijker (2008): C = 2s."""
    s = 4
    A = [[F(1 if i > j else 0, s) + F(i == j, 2 * s) for j in range(s)] for i in range(s)]
    assert ssp(runge_kutta(A, [F(1, s)] * s)) == 2 * s


def test_a_coefficient_that_is_a_surd_is_exact() -> None:
    """Ferracina and Spijker (2008): two stages of order three reach 1 + sqrt 3."""
    gamma, root = Number({1: 3, 3: -1}, 6), Number.sqrt(F(1, 3))
    half = Number.of(F(1, 2))
    assert ssp(runge_kutta([[gamma, 0], [root, gamma]], [half, half])) == Number({1: 1, 3: 1})


def test_one_without_a_closed_form_is_the_nearest_double() -> None:
    """The root of 1 - r + 5 r^2/18 - r^3/36, which is 1 - r b + r^2 b c - r^3 b A c."""
    A = [[F(0), F(0), F(0)], [F(1, 3), F(0), F(0)], [F(1, 4), F(1, 4), F(0)]]
    b = [F(1, 3)] * 3
    found = ssp(runge_kutta(A, b))
    assert isinstance(found, float)
    below, above = F(found) * (1 - F(1, 10**15)), F(found) * (1 + F(1, 10**15))
    assert is_monotonic((A, b), below)
    assert not is_monotonic((A, b), above)


def test_rounded_decimals_have_a_coefficient_of_the_numbers_written() -> None:
    digits = "0.333333333333333"
    found = ssp(runge_kutta([[0, 0], ["1.000000000000000", 0]], ["0.500000000000000"] * 2))
    assert isinstance(found, float)
    assert found == pytest.approx(1)
    assert ssp(runge_kutta([["-" + digits]], [1])) == 0


@pytest.mark.parametrize("name", sorted(METHODS.keys() - {"SDIRK34"}))
def test_nodepy_bisects_to_the_same(name: str) -> None:
    if name in nodepy_methods.EXACT:
        found = ssp(nodepy_methods.graph_of(name))
    else:
        method = METHODS[name]
        A = [[F(float(a)) for a in line] for line in method.A]
        found = ssp(runge_kutta(A, [F(float(b)) for b in method.b]))
    wanted = METHODS[name].absolute_monotonicity_radius()
    assert float(found) == pytest.approx(wanted, abs=1e-7)


def test_stages_that_are_equal_count_as_one() -> None:
    """Written twice, with weights 2 and -1: as Euler's method, and not 0 for the minus."""
    assert ssp(runge_kutta([[0, 0], [0, 0]], [2, -1])) == 1


positive = st.fractions(min_value=0, max_value=2, max_denominator=5)
tables = st.integers(1, 3).flatmap(
    lambda s: st.tuples(
        st.lists(st.lists(positive, min_size=s, max_size=s), min_size=s, max_size=s),
        st.lists(positive.filter(bool), min_size=s, max_size=s),
    )
)


def solved(matrix: list[list[Fraction]], right: list[list[Fraction]]) -> list[list[Fraction]]:
    rows = [[*a, *b] for a, b in zip(matrix, right, strict=True)]
    size = range(len(matrix))
    for k in size:
        place = next(i for i in size if i >= k and rows[i][k])
        rows[k], rows[place] = rows[place], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in size:
            if i != k:
                rows[i] = [x - rows[i][k] * y for x, y in zip(rows[i], rows[k], strict=True)]
    return [row[len(matrix) :] for row in rows]


def is_monotonic(table: Table, r: Fraction) -> bool:
    """By the definition: K (I + rK)^-1 >= 0 and (I + rK)^-1 1 >= 0, solved by elimination."""
    K = [[*row, F(0)] for row in (*table[0], table[1])]
    size = range(len(K))
    shifted = [[F(i == j) + r * K[i][j] for j in size] for i in size]
    right = [[*K[i], F(1)] for i in size]  # K commutes with the inverse
    return all(x >= 0 for row in solved(shifted, right) for x in row)


@settings(max_examples=40)
@given(tables)
def test_it_is_where_the_definition_ceases_to_hold(table: Table) -> None:
    t = butcher_tableau(runge_kutta(*table))
    assume(len(t.irreducible) == len(t))  # the definition is about what is irreducible
    found = ssp_coefficient(t)
    if found == inf:
        assert is_monotonic(table, F(10**6))
        return
    r = F(float(found))
    assert not r or is_monotonic(table, r * (1 - F(1, 10**9)))
    assert not is_monotonic(table, (r + F(1, 10**9)) * (1 + F(1, 10**9)))


def test_a_method_of_several_slots_has_none() -> None:
    with pytest.raises(UndefinedError, match="one slot"):
        ssp(lower(butcher.load("revnet")))


@pytest.mark.parametrize(
    ("alpha", "beta", "wanted"),
    [
        # Shu (1988): three steps of order two reach 1/2; four of order three 1/3
        ([F(-1, 4), 0, F(-3, 4), 1], [0, 0, F(3, 2)], F(1, 2)),
        ([F(-11, 27), 0, 0, F(-16, 27), 1], [F(12, 27), 0, 0, F(16, 9)], F(1, 3)),
        ([-1, 1], [1], 1),
        ([-1, 1], [0, 1], inf),
        ([0, -1, 1], [F(-1, 2), F(3, 2)], 0),
    ],
)
def test_multistep_methods_have_one_as_well(
    alpha: list[Fraction], beta: list[Fraction], wanted: float
) -> None:
    method = linear_multistep(multistep(alpha, beta))
    assert method is not None
    assert ssp_coefficient_multistep(method) == wanted
