"""Multistep methods: rho and sigma, the root condition, what is and is not zero-stable."""

from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from method_graphs import (
    ODE,
    U,
    evaluation,
    graph,
    h,
    multistep,
    row,
    runge_kutta,
    zero_stable,
)

from butcher.analysis.conditions.order import order
from butcher.analysis.entry import Entry
from butcher.analysis.limits import TooLargeError
from butcher.analysis.multistep.method import linear_multistep
from butcher.analysis.multistep.root_condition import (
    ZeroStability,
    judged,
    minimal_polynomial,
    zero_stability,
)
from butcher.analysis.polynomials.roots import is_schur, is_simple_von_neumann, is_von_neumann
from butcher.coefficient import Coefficient, Number, Variable, budget
from butcher.ir.graph import Graph, State
from butcher.spec.scheme import Equation

F = Fraction
BDF = {
    1: [-1, 1],
    2: [F(1, 3), F(-4, 3), 1],
    3: [F(-2, 11), F(9, 11), F(-18, 11), 1],
    4: [F(3, 25), F(-16, 25), F(36, 25), F(-48, 25), 1],
}


def bdf(steps: int) -> Graph:
    """sum_k 1/k nabla^k u[n+1] = h f[n+1]."""
    alpha = [F(0)] * (steps + 1)
    difference = [F(1)]
    for k in range(1, steps + 1):
        difference = [a - b for a, b in zip([*difference, 0], [0, *difference], strict=True)]
        for i, factor in enumerate(difference):
            alpha[steps - i] += factor / k
    return multistep(alpha, [0] * steps + [1])


@pytest.mark.parametrize("steps", BDF)
def test_the_differences_are_those_of_the_tables(steps: int) -> None:
    method = linear_multistep(bdf(steps))
    assert method is not None
    assert [one.value for one in method.alpha] == BDF[steps]


@pytest.mark.parametrize("steps", range(1, 9))
def test_backward_differentiation_is_stable_up_to_six_steps(steps: int) -> None:
    method = bdf(steps)
    assert zero_stable(method) is (steps <= 6)
    assert order(method).advanced.order == steps


def test_the_explicit_two_step_method_of_order_three_is_unstable() -> None:
    # rho has the roots 1 and -5; Hairer, Norsett, Wanner, III.3
    method = multistep([-5, 4, 1], [2, 4])
    assert order(method).advanced.order == 3
    assert zero_stable(method) is False


def test_leapfrog_is_weakly_stable() -> None:
    found = zero_stability(multistep([-1, 0, 1], [0, 2]))
    assert found is not None
    assert (found.stable, found.weak) == (True, True)


def test_adams_methods_are_strongly_stable() -> None:
    found = zero_stability(multistep([0, 0, -1, 1], [F(5, 12), F(-4, 3), F(23, 12)]))
    assert found is not None
    assert (found.stable, found.weak) == (True, False)


def test_a_runge_kutta_method_is_stable() -> None:
    assert zero_stable(runge_kutta([[]], [1])) is True
    assert linear_multistep(runge_kutta([[], [F(1, 2)]], [0, 1])) is None


def test_rho_and_sigma() -> None:
    method = linear_multistep(multistep([0, -2, 2], [-1, 3]))
    assert method is not None
    assert [one.value for one in method.alpha] == [0, -1, 1]
    assert [one.value for one in method.beta] == [F(-1, 2), F(3, 2), 0]
    assert method.order(12) == 2


def unit(k: Fraction) -> Graph:
    """u[n+1] = (1-k) u[n] + k u[n-1] + h f(u[n]), roots 1 and -k."""
    k_ = Coefficient.symbol(Variable("k", Number.of(k)))
    rows = [
        row("Y1", **{"u[n]": 1}),
        row("u[n+1]", **{"u[n]": -k_ + 1, "u[n-1]": k_, "k1": h}),
    ]
    states = [U, State("u", -1, "value", 1)]
    return graph(states, [evaluation("k1", "Y1")], rows, ["u[n+1]", "u[n]"])


@pytest.mark.parametrize(
    ("k", "stable", "weak"),
    [(F(-1, 20), True, False), (F(1), True, True), (F(-1), False, False), (F(3, 2), False, False)],
)
def test_a_symbol_counts_at_its_start_value(k: Fraction, stable: bool, weak: bool) -> None:
    found = zero_stability(unit(k))
    assert found is not None
    assert (found.stable, found.weak) == (stable, weak)


def test_only_a_weight_of_one_plus_k_makes_the_unit_consistent() -> None:
    assert order(unit(F(-1, 20))).advanced.order == 0
    method = linear_multistep(unit(F(-1, 20)))
    assert method is not None
    assert method.order(1) == 0, "less than 1: not consistent"


def second_order(middle: int, old: int) -> Graph:
    ode = (Equation(state="u", derivative=2, slots=(("f", "u"),)),)
    rows = [
        row("Y1", **{"u[n]": 1}),
        row("u[n+1]", **{"u[n]": middle, "u[n-1]": old, "k1": h * h}),
    ]
    states = [U, State("u", -1, "value", 1)]
    return graph(states, [evaluation("k1", "Y1")], rows, ["u[n+1]", "u[n]"], ode=ode)


def test_the_double_root_of_a_second_order_equation_is_allowed() -> None:
    method = second_order(2, -1)
    assert zero_stable(method) is True
    assert order(method).advanced.order == 2
    assert zero_stable(second_order(3, -2)) is False


@pytest.mark.parametrize(
    ("alpha", "stable", "weak"),
    [
        ([1, 0, -2, 0, 1], True, True),  # (z^2 - 1)^2
        ([1, -2, 2, -2, 1], True, True),  # (z - 1)^2 (z^2 + 1)
        ([0, 1, -2, 1], True, False),
        ([-1, 3, -3, 1], False, False),
        ([-1, -1, 2, 2, -1, -1], False, False),  # -(z - 1)^2 (z + 1)^3
    ],
)
def test_other_roots_on_the_circle_may_be_double_as_well(
    alpha: list[int], stable: bool, weak: bool
) -> None:
    # Hairer, Norsett, Wanner, III.10, definition 10.1
    found = judged([Entry(Number.of(a)) for a in alpha], 2)
    assert found == ZeroStability(stable, weak)


def test_rounding_decides_nothing_near_the_circle() -> None:
    def rounded(*alpha: Fraction | float) -> list[Entry]:
        return [Entry(Number.of(Fraction(a)), F(1, 10**12)) for a in alpha[:-1]] + [
            Entry(Number.of(Fraction(alpha[-1])))
        ]

    inside, near, outside = F(1, 2), 1 - F(1, 10**13), F(3, 2)
    for root, expected in ((inside, True), (near, None), (outside, False)):
        found = judged(rounded(root, -1 - root, F(1)), 1)  # (z - 1)(z - root)
        assert (found and found.stable) is expected
    # two roots 1 within the rounding are those of u'', and one too many for u'
    double = rounded(F(1), F(-2), F(1))
    assert judged(double, 2) == ZeroStability(True, False)
    assert judged(double, 1) is None


def test_two_streams_may_share_the_root_one() -> None:
    ode = (
        Equation(state="x", derivative=1, slots=(("f", "y"),)),
        Equation(state="y", derivative=1, slots=(("g", "x"),)),
    )
    states = [State("x", 0, "value", 0), State("y", 0, "value", 0)]
    rows = [
        row("Y1", **{"y[n]": 1}),
        row("x[n+1]", **{"x[n]": 1, "k1": h}),
        row("y[n+1]", **{"y[n]": 1, "k2": h}),
    ]
    evaluations = [evaluation("k1", "Y1"), evaluation("k2", "x[n+1]", "g")]
    method = graph(states, evaluations, rows, ["x[n+1]", "y[n+1]"], ode=ode)
    assert zero_stable(method) is True


def test_stability_has_no_meaning_where_constants_are_not_kept() -> None:
    rows = [
        row("Y1", **{"u[n]": 1}),
        row("Y2", k1=h),
        row("u[n+1]", **{"u[n]": 1}, k1=h, k2=h),
    ]
    evaluations = [evaluation("k1", "Y1"), evaluation("k2", "Y2")]
    assert zero_stable(graph([U], evaluations, rows, ["u[n+1]"], ode=ODE)) is None


def test_rounded_coefficients_keep_the_root_one() -> None:
    third = "0.3333333333333333"
    rounded = multistep([third, "-1.3333333333333333", 1], [0, 0, "0.6666666666666667"])
    assert zero_stable(rounded) is True
    assert order(rounded).advanced.order == 2


# ---------------------------------------------------------------------- roots

INSIDE = [[F(1, 2), 1], [F(-1, 3), 1], [F(1, 2), F(1, 2), 1], [0, 1]]
CIRCLE = [[-1, 1], [1, 1], [1, 0, 1], [1, 1, 1], [1, F(-6, 5), 1]]
OUTSIDE = [[2, 1], [F(-11, 10), 1], [3, 1, 1]]


def times(factors: list[list[Fraction]]) -> list[Number]:
    product = [Number.of(-3)]
    for factor in factors:
        total = [Number.of(0)] * (len(product) + len(factor) - 1)
        for i, a in enumerate(product):
            for j, b in enumerate(factor):
                total[i + j] = total[i + j] + a * b
        product = total
    return product


@given(
    inside=st.lists(st.sampled_from(range(4)), max_size=3),
    circle=st.lists(st.sampled_from(range(5)), max_size=3),
    outside=st.lists(st.sampled_from(range(3)), max_size=1),
)
def test_the_place_of_known_roots_is_found(
    inside: list[int], circle: list[int], outside: list[int]
) -> None:
    p = times([INSIDE[i] for i in inside] + [CIRCLE[i] for i in circle])
    p = times([p, *(OUTSIDE[i] for i in outside)])
    simple = len(set(circle)) == len(circle)
    assert is_simple_von_neumann(p) is (simple and not outside)
    twice = all(circle.count(i) <= 2 for i in circle)
    assert is_von_neumann(p, 2) is (twice and not outside)
    assert is_schur(p) is not bool(circle or outside)


def test_a_double_root_with_a_surd_is_seen() -> None:
    surd = Number.sqrt(F(2))  # z^2 - sqrt(2) z + 1, roots exp(+-i pi/4)
    once = [Number.of(1), -surd, Number.of(1)]
    assert is_simple_von_neumann(once)
    assert not is_simple_von_neumann(times([once, once]))


def test_a_long_polynomial_is_refused() -> None:
    with pytest.raises(TooLargeError):
        is_schur([Number.of(F(1, 10**300 + k)) for k in range(33)])


@given(st.lists(st.lists(st.integers(-2, 2), min_size=4, max_size=4), min_size=4, max_size=4))
def test_the_minimal_polynomial_is_of_the_lowest_degree(entries: list[list[int]]) -> None:
    matrix = sympy.Matrix(entries)
    found = minimal_polynomial([[Number.of(x) for x in line] for line in entries])
    powers = [matrix**k for k in range(len(found))]
    total = sum(
        (sympy.Rational(str(a)) * p for a, p in zip(found, powers, strict=True)), 0 * matrix
    )
    assert total.is_zero_matrix
    lower = sympy.Matrix([list(p) for p in powers[:-1]])
    assert lower.rank() == len(found) - 1


def test_the_minimal_polynomial_of_many_states_is_found_in_time() -> None:
    matrix = [
        [Number.of(F((7 * i + 3 * j * j) % 11 - 5, 1 + j)) for j in range(16)] for i in range(16)
    ]
    with budget(60_000):
        assert len(minimal_polynomial(matrix)) > 2


def test_the_minimal_polynomial_of_a_matrix() -> None:
    one, nil = Number.of(1), Number.of(0)
    assert minimal_polynomial([[one, nil], [nil, one]]) == (-1, 1)
    assert minimal_polynomial([[one, one], [nil, one]]) == (1, -2, 1)
    assert minimal_polynomial([[nil, one], [one, one]]) == (-1, -1, 1)
