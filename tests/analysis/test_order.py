"""The order of methods written out by hand: one step and several, one slot and two."""

import random
from collections.abc import Callable
from fractions import Fraction

import pytest
from method_graphs import ODE, U, Value, evaluation, graph, h, multistep, number, row, runge_kutta

from butcher.analysis.conditions.order import order, order_nonautonomous
from butcher.analysis.conditions.ring import Ball
from butcher.coefficient import Coefficient, Number, Variable
from butcher.ir.graph import Estimate, Graph, State
from butcher.spec.scheme import Equation

F = Fraction
RK4 = (
    [[], [F(1, 2)], [0, F(1, 2)], [0, 0, 1]],
    [F(1, 6), F(1, 3), F(1, 3), F(1, 6)],
)
HALF = F(1, 2)
SQRT3 = Number.sqrt(F(3))


def found(graph: Graph, up_to: int = 12) -> int | None:
    return order(graph, up_to).advanced.order


def test_two_roots_make_a_field_of_four() -> None:
    a = Number.sqrt(F(2)) + Number.sqrt(F(3))
    b = [Number.of(1) - (a * 2).inverse(), (a * 2).inverse()]
    result = order(runge_kutta([[], [a]], b)).advanced
    assert result.order == 2
    assert [f.got for f in result.failures] == [b[1] * a**2, 0]


def test_the_classical_method_has_order_four_exactly() -> None:
    result = order(runge_kutta(*RK4)).advanced
    assert (result.order, result.outcome, result.exact) == (4, "fails", True)
    assert len(result.failures) == 9  # all of order 5: none holds


def test_a_broken_condition_says_what_it_wants_and_gets() -> None:
    (failure,) = order(runge_kutta([[]], [1])).advanced.failures
    assert (failure.tree, failure.differential, failure.order) == ("[[]]", "f'(f)", 2)
    assert (failure.wanted, failure.got) == (F(1, 2), 0)


def test_only_the_conditions_asked_for_are_computed() -> None:
    result = order(runge_kutta(*RK4), up_to=3).advanced
    assert (result.order, result.outcome, result.failures) == (3, "reached", ())


def test_surds_are_exact() -> None:
    gauss = [[F(1, 4), Number.of(F(1, 4)) - SQRT3 / 6], [SQRT3 / 6 + F(1, 4), F(1, 4)]]
    assert found(runge_kutta(gauss, [HALF, HALF])) == 4


@pytest.mark.parametrize(
    ("alpha", "beta", "expected"),
    [
        ([-1, 1], [1], 1),
        ([0, -1, 1], [F(-1, 2), F(3, 2)], 2),
        ([0, 0, -1, 1], [F(5, 12), F(-4, 3), F(23, 12)], 3),
        ([0, 0, 0, -1, 1], [F(-3, 8), F(37, 24), F(-59, 24), F(55, 24)], 4),
        ([0, -1, 1], [F(-1, 12), F(2, 3), F(5, 12)], 3),
        ([-1, 1], [0, 1], 1),
        ([F(1, 3), F(-4, 3), 1], [0, 0, F(2, 3)], 2),
        ([F(-2, 11), F(9, 11), F(-18, 11), 1], [0, 0, 0, F(6, 11)], 3),
        ([-1, 0, 1], [0, 2], 2),
        ([-1, 0, 1], [F(1, 3), F(4, 3), F(1, 3)], 4),
        ([-5, 4, 1], [2, 4], 3),
    ],
)
def test_multistep_methods(alpha: list[F], beta: list[F], expected: int) -> None:
    assert found(multistep(alpha, beta)) == expected


@pytest.mark.parametrize("sweeps", [1, 2, 3, 4])
def test_an_unrolled_implicit_midpoint_rule_has_at_most_an_order_a_sweep(sweeps: int) -> None:
    A = [[0] * i + [HALF] if i >= 0 else [] for i in range(-1, sweeps - 1)]
    assert found(runge_kutta(A, [0] * (sweeps - 1) + [1])) == min(2, sweeps)


def test_a_kept_stage_is_what_it_was_one_block_earlier() -> None:
    # k2[n-1] is f at u(t - h/2) + O(h^2): u + h (2 k2 - k2[n-1]), k2 at t + h/2, is of order 1,
    # with the weights of extrapolation to the midpoint, k2 alone, of order 2
    kept = State("k2", -1, "evaluation", 1)
    evaluations = [evaluation("k1", "Y1"), evaluation("k2", "Y2")]
    argument = [row("Y1", **{"u[n]": 1}), row("Y2", **{"u[n]": 1}, k1=h / 2)]

    def method(new: int, old: int) -> Graph:
        end = row("u[n+1]", **{"u[n]": 1, "k2": h * new, "k2[n-1]": h * old})
        return graph([U, kept], evaluations, [*argument, end], ["u[n+1]", "k2"])

    assert found(method(2, -1)) == 1
    assert found(method(1, 0)) == 2


def test_a_stage_may_read_its_own_earlier_value() -> None:
    # k = f(u + h/2 k[n-1]): the midpoint rule with k[n-1] for an Euler step
    kept = State("k", -1, "evaluation", 1)
    rows = [
        row("Y", **{"u[n]": 1, "k[n-1]": h / 2}),
        row("u[n+1]", **{"u[n]": 1, "k": h}),
    ]
    method = graph([U, kept], [evaluation("k", "Y")], rows, ["u[n+1]", "k"])
    assert found(method) == 2


def test_an_order_of_several_steps_says_by_which_start_it_is_defined() -> None:
    starts = {
        "exact earlier values": multistep([-1, 0, 1], [0, 2]),
        "evaluations of exact values kept": multistep([0, -1, 1], [F(-1, 2), F(3, 2)]),
        "exact earlier values, and evaluations of exact values kept": multistep(
            [-1, 0, 1], [F(1, 3), F(4, 3), F(1, 3)]
        ),
        None: runge_kutta(*RK4),
    }
    assert [order(method).start for method in starts.values()] == list(starts)


# ---------------------------------------------------------------------- several slots

PARTITIONED = (
    Equation(state="x", derivative=1, slots=(("f", "y"),)),
    Equation(state="y", derivative=1, slots=(("g", "x"),)),
)
X, Y = State("x", 0, "value", 0), State("y", 0, "value", 0)


def leapfrog(kick: int | Fraction) -> Graph:
    """x, then y at the new x, then what is left of x: Störmer's and Verlet's method for 1/2."""
    rows = [
        row("Y1", **{"y[n]": 1}),
        row("x1", **{"x[n]": 1}, k1=h * kick),
        row("y[n+1]", **{"y[n]": 1}, k2=h),
        row("x[n+1]", **{"x[n]": 1}, k1=h * kick, k3=h * number(1 - F(kick))),
    ]
    evaluations = [
        evaluation("k1", "Y1"),
        evaluation("k2", "x1", "g"),
        evaluation("k3", "y[n+1]"),
    ]
    return graph([X, Y], evaluations, rows, ["x[n+1]", "y[n+1]"], ode=PARTITIONED)


def test_the_partitioned_euler_method_has_order_one() -> None:
    assert found(leapfrog(1)) == 1


def test_the_method_of_stoermer_and_verlet_has_order_two() -> None:
    results = order(leapfrog(HALF))
    assert results.advanced.order == 2
    assert set(results.each) == {"x[n+1]", "y[n+1]"}
    assert all("g" in f.tree for f in results.advanced.failures)


def test_an_additive_method_needs_the_coupling_conditions() -> None:
    ode = (Equation(state="u", derivative=1, slots=(("f", "u"), ("g", "u"))),)

    def heun(coupled: int) -> Graph:
        rows = [
            row("Y1", **{"u[n]": 1}),
            row("Yf", **{"u[n]": 1}, f1=h, g1=h * coupled),
            row("Yg", **{"u[n]": 1}, f1=h * coupled, g1=h),
            row("u[n+1]", **{"u[n]": 1}, **dict.fromkeys(("f1", "f2", "g1", "g2"), h / 2)),
        ]
        evaluations = [
            evaluation("f1", "Y1"),
            evaluation("g1", "Y1", "g"),
            evaluation("f2", "Yf"),
            evaluation("g2", "Yg", "g"),
        ]
        return graph([U], evaluations, rows, ["u[n+1]"], ode=ode)

    assert found(heun(1)) == 2
    result = order(heun(0)).advanced
    assert result.order == 1
    assert [f.tree for f in result.failures] == ["f[g[]]", "g[f[]]"]


# ---------------------------------------------------------------------- time


def test_the_time_is_that_of_the_nodes() -> None:
    right = runge_kutta(*RK4, c=[0, HALF, HALF, 1])
    assert order_nonautonomous(right).advanced.order == 4
    wrong = runge_kutta(*RK4, c=[0, HALF, HALF, F(3, 4)])
    assert order(wrong).advanced.order == 4
    result = order_nonautonomous(wrong).advanced
    assert result.order == 1
    assert [f.tree for f in result.failures] == ["f[t[]]"]


def test_the_time_of_a_kept_evaluation_is_its_own() -> None:
    assert order_nonautonomous(multistep([0, -1, 1], [F(-1, 2), F(3, 2)])).advanced.order == 2


# ---------------------------------------------------------------------- decimals


def test_decimals_hold_to_the_digits_printed() -> None:
    third, sixth = "0.3333333333333333", "0.1666666666666667"
    printed = runge_kutta(RK4[0], [sixth, third, third, sixth])
    result = order(printed).advanced
    assert (result.order, result.outcome, result.exact) == (4, "fails", False)
    assert isinstance(result.failures[0].got, Ball)
    mistyped = runge_kutta(RK4[0], [sixth, third, third, "0.1666666666676667"])
    result = order(mistyped).advanced
    assert (result.order, result.outcome) == (0, "fails")


def test_few_digits_decide_little() -> None:
    vague = Coefficient.of(F(1, 2)).rounded(F(1, 10))
    result = order(runge_kutta([[], [vague]], [0, 1])).advanced
    assert (result.order, result.outcome) == (1, "undecided")


# ---------------------------------------------------------------------- no meaning

K = Coefficient.symbol(Variable("k", Number.of(F(-1, 20))))


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        (
            graph(
                [U],
                [evaluation("k1", "Y1"), evaluation("k2", "Y2")],
                [
                    row("Y1", **{"u[n]": 1}),
                    row("Y2", k1=h),
                    row("u[n+1]", **{"u[n]": 1}, k1=h, k2=h),
                ],
                ["u[n+1]"],
            ),
            "the argument of k2 does not keep constants: its values add up to 0, not 1",
        ),
        (
            graph(
                [U],
                [evaluation("k1", "Y1")],
                [row("Y1", **{"u[n]": 1}), row("u[n+1]", **{"u[n]": -K + 1}, k1=h)],
                ["u[n+1]"],
            ),
            "u[n+1] does not keep constants: its values add up to 21/20, not 1",
        ),
        (
            graph(
                [U],
                [evaluation("k1", "Y1")],
                [row("Y1", **{"u[n]": 1}), row("u[n+1]", **{"u[n]": 1}, k1=h * h)],
                ["u[n+1]"],
            ),
            "k1 in u[n+1] has h^2, which is not h times a number",
        ),
        (
            graph(
                [U],
                [evaluation("k1", "Y1", "join")],
                [row("Y1", **{"u[n]": 1}), row("u[n+1]", **{"u[n]": 1}, k1=h)],
                ["u[n+1]"],
                linear=frozenset({"join"}),
            ),
            "slot join is a linear map and no term of the equation",
        ),
        (
            graph(
                [U],
                [evaluation("k1", "Y1")],
                [row("Y1", **{"u[n]": 1}), row("u[n+1]", **{"u[n]": 1}, k1=h)],
                ["u[n+1]"],
                ode=(ODE[0].model_copy(update={"derivative": 2}),),
            ),
            "k1 in u[n+1] has h, which is not h^2 times a number",
        ),
        (
            graph(
                [U, State("v", 0, "value", 0)],
                [evaluation("k1", "Y1")],
                [row("Y1", **{"u[n]": 1}), row("u[n+1]", **{"u[n]": 1}, k1=h)],
                ["u[n+1]", "u[n]"],
                ode=(),
            ),
            "no ode clause says what drives u and v",
        ),
        (
            graph([U], [], [row("u[n+1]", **{"u[n]": 1})], ["u[n+1]"], ode=()),
            "no slot is evaluated",
        ),
    ],
)
def test_where_order_has_no_meaning_the_reason_is_said(method: Graph, reason: str) -> None:
    result = order(method).advanced
    assert (result.order, result.outcome, result.reason) == (None, "undefined", reason)


def test_symbols_stand_for_their_start_values() -> None:
    a = Coefficient.symbol(Variable("a", Number.of(HALF)))
    half = (a * 2).inverse()
    assert found(runge_kutta([[], [a]], [1 + -half, half])) == 2


# ---------------------------------------------------------------------- limits


def with_dead_weight(number_of: Callable[[], Value], stages: int) -> Graph:
    """Adams-Bashforth of order 12, and dense stages that cancel, so that no condition fails."""
    weights = adams_bashforth(12)
    kept = [State("k1", -j, "evaluation", j) for j in range(1, 12)]
    evaluations = [evaluation("k1", "Y1")]
    rows = [row("Y1", **{"u[n]": 1})]
    lines = [[number_of() for _ in range(stages)] for _ in range(stages // 2)]
    for i, line in enumerate(line for line in lines for _ in "+-"):
        cells: dict[str, Value] = {f"k{j + 2}": h * number(a) for j, a in enumerate(line)}
        rows.append(row(f"Y{i + 2}", **{"u[n]": 1}, **cells))
        evaluations.append(evaluation(f"k{i + 2}", f"Y{i + 2}"))
    end: dict[str, Value] = {"u[n]": 1, "k1": h * weights[0]}
    end |= {s.key: h * weights[j + 1] for j, s in enumerate(kept)}
    end |= {f"k{i + 2}": h * (-1) ** i for i in range(stages)}
    rows.append(row("u[n+1]", **end))
    outputs = ["u[n+1]", "k1", *(s.key for s in kept[:-1])]
    return graph([U, *kept], evaluations, rows, outputs)


def adams_bashforth(steps: int) -> list[Fraction]:
    """Weights of f[n], f[n-1], ...: the integrals of the Lagrange polynomials over a step."""
    weights = []
    for j in range(steps):
        polynomial, scale = [F(1)], F(1)
        for i in range(steps):
            if i != j:
                shifted = [F(0), *polynomial]
                polynomial = [a + i * b for a, b in zip(shifted, [*polynomial, 0], strict=True)]
                scale *= i - j
        weights.append(sum(a / (k + 1) for k, a in enumerate(polynomial)) / scale)
    return weights


def test_an_order_as_high_as_the_cap_is_proved() -> None:
    result = order(with_dead_weight(lambda: 0, 2)).advanced
    assert (result.order, result.outcome, result.exact) == (12, "reached", True)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: F(random.randint(1, 10**999), 10**1000),
        lambda: F(random.randint(1, 10**999), random.randint(10**999, 10**1000)),
        lambda: sum((Number.sqrt(F(p)) * random.randint(1, 9) for p in (2, 3, 5, 7)), Number.of(1)),
    ],
    ids=["long numbers", "long denominators", "many roots"],
)
def test_a_proof_that_would_take_too_long_is_refused(draw: Callable[[], Value]) -> None:
    result = order(with_dead_weight(draw, 40)).advanced
    assert result.outcome == "too large"
    assert result.order is not None
    assert result.order < 12


def test_kept_evaluations_that_reach_too_far_back_are_refused() -> None:
    kept = [[State(f"k{i}", -j, "evaluation", j) for j in range(1, 33)] for i in range(12)]
    everything: dict[str, Value] = {s.key: h / 400 for line in kept for s in line}
    rows = [row(f"Y{i}", **{"u[n]": 1}, **everything) for i in range(12)]
    rows.append(row("u[n+1]", **{"u[n]": 1, "k0": h}))
    outputs = ["u[n+1]"]
    for line in kept:
        outputs += [line[0].name, *(s.key for s in line[:-1])]
    states = [U, *(s for line in kept for s in line)]
    evaluations = [evaluation(f"k{i}", f"Y{i}") for i in range(12)]
    assert order(graph(states, evaluations, rows, outputs)).advanced.outcome == "too large"


def test_what_is_broken_is_said_even_where_the_rest_would_take_too_long() -> None:
    # the new value breaks [[]] at once; the embedded solution goes on until it takes too long
    method = with_dead_weight(lambda: F(random.randint(1, 10**999), 10**1000), 40)
    euler = row("bhat", **{"u[n]": 1, "k1": h})
    both = method.changed(rows=[*method.rows, euler], estimates=[Estimate("bhat", "u[n]", "bhat")])
    found = order(both)
    assert found.embedded is not None
    assert (found.embedded.order, found.embedded.outcome) == (1, "fails")
    assert found.advanced.outcome == "too large"
    assert [f.tree for f in found.embedded.failures] == ["[[]]"]
