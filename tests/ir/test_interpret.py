"""The interpreter against the methods as they are printed, computed by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import pytest
from ir import graphs
from ir.graphs import declared, of
from ir.residues import run

from butcher.coefficient import ONE, Number
from butcher.ir.graph import STEP, Evaluation
from butcher.ir.interpret import interpret

N = Number.of
h = N(Fraction(2, 5))
u = N(Fraction(3, 7))


def square(e: Evaluation, t: Number, y: Number) -> Number:
    """Another function for each stage: y^2 + the stage's number."""
    return y * y + int(e.key.removeprefix("k"))


def test_rk4_is_as_kutta_prints_it() -> None:
    k1 = u**2 + 1
    k2 = (u + h * k1 / 2) ** 2 + 2
    k3 = (u + h * k2 / 2) ** 2 + 3
    k4 = (u + h * k3) ** 2 + 4
    result = interpret(graphs.rk4(), {"u[n]": u}, square, symbols={"h": h})
    assert result.outputs == (u + h * (k1 + k2 * 2 + k3 * 2 + k4) / 6,)
    assert result.evaluations == {"k1": k1, "k2": k2, "k3": k3, "k4": k4}
    assert result.rows["Y3"] == u + h * k2 / 2


def test_slots_are_given_the_time_of_their_stage() -> None:
    t = N(10)
    result = interpret(
        graphs.rk4(time=True), {"u[n]": u}, lambda e, time, y: time, symbols={"h": h}, t=t
    )
    assert tuple(result.evaluations.values()) == (t, t + h / 2, t + h / 2, t + h)


def test_revnet_evaluates_g_on_the_new_x() -> None:
    x, y = N(2), N(3)
    result = interpret(
        graphs.revnet(),
        {"x[n]": x, "y[n]": y},
        lambda e, t, v: v * v if e.slot == "f" else v * v * v,
        symbols={"h": h},
    )
    new_x = x + h * y**2
    assert result.outputs == (new_x, y + h * new_x**3)


def test_ab2_hands_its_evaluation_on() -> None:
    before = N(5)
    result = interpret(
        graphs.ab2(), {"u[n]": u, "k1[n-1]": before}, lambda e, t, y: y * y, symbols={"h": h}
    )
    assert result.outputs == (u + h * (u**2 * 3 - before) / 2, u**2)


@pytest.mark.parametrize("sweeps", [1, 2, 3])
def test_a_sweep_computes_all_arguments_and_then_all_evaluations(sweeps: int) -> None:
    root = Number.sqrt(Fraction(3))
    quarter = N(Fraction(1, 4))
    k1 = k2 = N(0)
    for _ in range(sweeps):
        y1 = u + h * (quarter * k1 + (-root * 2 + 3) / 12 * k2)
        y2 = u + h * ((root * 2 + 3) / 12 * k1 + quarter * k2)
        k1, k2 = y1**2 + 1, y2**2 + 2
    result = interpret(graphs.gauss4(sweeps), {"u[n]": u}, square, symbols={"h": h})
    assert result.outputs == (u + h * (k1 + k2) / 2,)
    other = interpret(graphs.gauss4(), {"u[n]": u}, square, symbols={"h": h}, sweeps=sweeps)
    assert other == result


def test_a_new_value_in_a_circle_is_computed_from_the_last_sweep() -> None:
    old = N(4)
    base = u * 4 / 3 - old / 3
    first = base**2
    second = (base + h * first * 2 / 3) ** 2
    result = interpret(
        graphs.bdf2(), {"u[n]": u, "u[n-1]": old}, lambda e, t, y: y * y, symbols={"h": h}
    )
    assert result.outputs == (base + h * second * 2 / 3, u)
    assert result.evaluations == {"f[n+1]": second}


def test_each_circle_is_swept_for_itself_and_what_reads_it_waits() -> None:
    """Two diagonally implicit stages: the second begins when the first has had its sweeps."""
    g = Fraction(1, 3)
    graph = graphs.tableau("dirk", [[g, 0], [Fraction(1, 2), g]], [0, 1], sweeps=2)
    k1 = k2 = N(0)
    for _ in range(2):
        k1 = (u + h * k1 * g) ** 2 + 1
    for _ in range(2):
        k2 = (u + h * k1 / 2 + h * k2 * g) ** 2 + 2
    result = interpret(graph, {"u[n]": u}, square, symbols={"h": h})
    assert result.outputs == (u + h * k2,)


def test_an_implicit_method_without_sweeps_has_no_value() -> None:
    with pytest.raises(ValueError, match="implicit_midpoint is implicit"):
        interpret(graphs.implicit_midpoint(None), {"u[n]": u}, square)


def test_symbols_have_start_values_and_means() -> None:
    def output(**symbols: Number) -> Number:
        graph = graphs.stochastic_depth()
        return interpret(graph, {"u[n]": u}, lambda e, t, y: ONE, symbols=symbols).outputs[0]

    assert output() == u + 1
    assert output(p=N(Fraction(1, 3))) == u + N(Fraction(1, 3))
    assert output(p=N(Fraction(1, 3)), eta=N(0)) == u


def test_an_abscissa_may_hold_a_step_of_its_own() -> None:
    own = declared("h:Y2", "learn", scope="stage")
    graph = graphs.rk4(time=True)
    second = replace(graph.evaluation["k2"], c=of(own) / 2 / STEP)
    own_step = graph.changed(
        evaluations=[second if e.key == "k2" else e for e in graph.evaluations],
        symbols=[*graph.symbols, own],
    )
    result = interpret(
        own_step, {"u[n]": u}, lambda e, time, y: time, symbols={"h:Y2": h, "h": N(0)}
    )
    assert result.evaluations["k2"] == h / 2


def test_estimates_are_parallel_to_the_declared_ones() -> None:
    result = run(graphs.sixteen())
    assert result.estimates == (result.rows["bhat"],)
    assert result.estimates != result.outputs


@dataclass(frozen=True)
class Polynomial:
    """In one unknown, lowest power first."""

    entries: tuple[Number, ...]

    def __add__(self, other: Polynomial) -> Polynomial:
        size = max(len(self.entries), len(other.entries))
        left, right = (p.entries + (N(0),) * (size - len(p.entries)) for p in (self, other))
        return Polynomial(tuple(a + b for a, b in zip(left, right, strict=True)))

    def __mul__(self, other: Number) -> Polynomial:
        return Polynomial(tuple(a * other for a in self.entries))


def test_on_polynomials_rk4_gives_its_stability_function() -> None:
    result = interpret(
        graphs.rk4(), {"u[n]": Polynomial((ONE,))}, lambda e, t, y: Polynomial((N(0), *y.entries))
    )
    assert result.outputs[0].entries == tuple(N(1) / d for d in (1, 1, 2, 6, 24))
