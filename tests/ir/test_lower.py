"""Every body means the same thing: matrices that a textbook prints for it."""

from __future__ import annotations

from fractions import Fraction

import pytest

from butcher.coefficient import ONE, Coefficient, Number, Variable
from butcher.compiler import load, parse, shipped
from butcher.ir.glm import general_linear_method
from butcher.ir.graph import Graph
from butcher.ir.lower import lower
from butcher.ir.verify import verify
from butcher.spec.scheme import RungeKutta

H = Coefficient.symbol(Variable("h", ONE))


def graph(text: str, step: str | None = None) -> Graph:
    made = lower(parse(text), step)  # type: ignore[arg-type]
    verify(made)
    return made


def matrices(name: str) -> tuple[list[list[str]], ...]:
    view = general_linear_method(lower(load(name)))
    return tuple([[str(x) for x in row] for row in m] for m in (view.A, view.U, view.B, view.V))


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_spec_becomes_a_graph_whose_invariants_hold(name: str) -> None:
    for step in (None, "fixed", "learned", "per-stage"):
        verify(lower(load(name), step))  # type: ignore[arg-type]


# A, U, B, V as the surveys of these networks print them (h inside).
NETWORKS = {
    "euler": ([["0"]], [["1"]], [["h"]], [["1"]]),
    "midpoint": ([["0", "0"], ["1/2*h", "0"]], [["1"], ["1"]], [["0", "h"]], [["1"]]),
    "lm_resnet": ([["0"]], [["1", "0"]], [["h"], ["0"]], [["1-k", "k"], ["1", "0"]]),
    "stochastic_lm": (
        [["0"]],
        [["1", "0"]],
        [["eta*h"], ["0"]],
        [["2+g", "-1-g"], ["1", "0"]],
    ),
    "midpoint_network": ([["0"]], [["1", "0"]], [["2*h"], ["0"]], [["0", "1"], ["1", "0"]]),
    "second_order": ([["0"]], [["1", "0"]], [["h^2"], ["0"]], [["2", "-1"], ["1", "0"]]),
    "ab2_step": ([["0"]], [["1", "0"]], [["3/2*h"], ["1"]], [["1", "-1/2*h"], ["0", "0"]]),
    "ab2": ([["0"]], [["1", "0"]], [["3/2*h"], ["1"]], [["1", "-1/2*h"], ["0", "0"]]),
    "polynet_poly2": ([["0", "0"], ["h", "0"]], [["1"], ["0"]], [["h", "h"]], [["1"]]),
    "revnet": (
        [["0", "0"], ["h", "0"]],
        [["0", "1"], ["1", "0"]],
        [["h", "0"], ["0", "h"]],
        [["1", "0"], ["0", "1"]],
    ),
    "stochastic_depth": ([["0"]], [["1"]], [["eta*h"]], [["1"]]),
    "shake_shake": ([["0", "0"], ["0", "0"]], [["1"], ["1"]], [["a*h", "h-a*h"]], [["1"]]),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_are_the_general_linear_methods_of_the_literature(name: str) -> None:
    assert matrices(name) == NETWORKS[name]


def test_a_tableau_and_its_update_equations_are_one_method() -> None:
    step = graph(
        """
method heun
step
  k1 = f(u[n])
  k2 = f(u[n] + h*k1)
  u[n+1] = u[n] + h/2*(k1 + k2)
"""
    )
    table, equations = (general_linear_method(g) for g in (lower(load("heun2")), step))
    assert (table.A, table.U, table.B, table.V) == (
        equations.A,
        equations.U,
        equations.B,
        equations.V,
    )


def test_alpha_is_divided_by_its_last_entry() -> None:
    scaled = graph(
        """
method bdf2
multistep
  alpha | 1 -4 3
  beta  | .  . 2
"""
    )
    assert general_linear_method(scaled).V == general_linear_method(lower(load("bdf2"))).V
    assert general_linear_method(scaled).B == general_linear_method(lower(load("bdf2"))).B


def test_a_multistep_method_keeps_what_it_evaluated() -> None:
    explicit, implicit = lower(load("ab4")), lower(load("am3"))
    assert [s.key for s in explicit.states] == ["u[n]", "f[n-1]", "f[n-2]", "f[n-3]"]
    assert explicit.outputs == ("u[n+1]", "f[n]", "f[n-1]", "f[n-2]")
    assert [s.key for s in implicit.states] == ["u[n]", "f[n]", "f[n-1]", "f[n-2]"]
    assert implicit.outputs == ("u[n+1]", "f[n+1]", "f[n]", "f[n-1]")
    assert implicit.circles == (frozenset({"f[n+1]"}),)


def test_revnets_new_value_is_one_row_output_and_argument() -> None:
    made = lower(load("revnet"), "per-stage")
    assert made.evaluation["k2"].argument == "x[n+1]" == made.outputs[0]
    assert [s.name for s in made.symbols] == ["h:x[n+1]", "h:y[n+1]"]


def test_per_stage_steps_are_one_for_each_row_that_reads_a_stage_and_one_for_the_output() -> None:
    made = lower(load("verner89_per_stage"))
    inner = [s for s in made.symbols if s.name.startswith("h:Y")]
    assert len(inner) == 15  # of 16 stages; the first one reads none
    assert "h:u[n+1]" in made.symbol
    assert "h" not in made.symbol


def test_a_step_body_has_one_step_for_each_assignment() -> None:
    made = graph(
        """
method nested
step
  u[n+1] = u[n] + h*f(u[n]) + h*f(h*f(u[n]))
""",
        "per-stage",
    )
    assert [s.name for s in made.symbols] == ["h:u[n+1]"]


def test_stages_may_be_written_in_any_order_that_is_no_circle() -> None:
    made = graph(
        """
method permuted
tableau
  1/2 | .  1/2
   0  |
  ----+----
      | 1
"""
    )
    assert made.is_explicit
    assert [e.key for e in made.evaluations] == ["k2", "k1"]


def test_circles_are_the_stages_that_depend_on_each_other() -> None:
    made = lower(load("sdirk2"))
    assert made.circles
    assert all(len(circle) == 1 for circle in made.circles)
    assert lower(load("gauss4")).circles == (frozenset({"k1", "k2"}),)


def test_partitioned_stages_read_what_the_other_slot_moves() -> None:
    made = graph(
        """
method verlet
  ode x' = f(y), y' = g(x)
tableau f
    |
    | 1/2  1/2
  --+---------
    | 1/2  1/2
tableau g
    | 1/2
    | 1/2
  --+---------
    | 1/2  1/2
"""
    )
    assert {e.key: e.argument for e in made.evaluations} == {
        "f1": "Y[y]1",
        "g1": "Y[x]1",
        "f2": "Y[y]2",
        "g2": "Y[x]2",
    }
    assert set(made.row["Y[y]2"].coefficients) == {"y[n]", "g1"}
    assert set(made.row["Y[x]2"].coefficients) == {"x[n]", "f1", "f2"}
    assert made.is_explicit


def test_additive_slots_add_up_in_one_row() -> None:
    made = graph(
        """
method imex
  ode u' = f(u) + g(u)
tableau f
  0 |
  1 | 1
  --+---
    | 1
tableau g
  0 |
  1 | .  1
  --+---
    | .  1
"""
    )
    assert made.row["Y2"].coefficients == {"u[n]": 1, "f1": H, "g2": H}


def test_time_is_what_the_body_does_to_it() -> None:
    made = graph(
        """
method timed
  ode u' = f(t, u)
step
  k = f(u[n-1])
  w = u[n] + h/2*k
  u[n+1] = 2*u[n] - u[n-1] + h*f(w)
"""
    )
    assert [e.c for e in made.evaluations] == [-1, Fraction(1, 2)]
    assert graph(
        """
method timed
  ode u' = f(t, u)
tableau
  0   |
  2/3 | 2/3
  ----+---------
      | 1/4  3/4
""",
        "per-stage",
    ).evaluation["k2"].c * H == Coefficient.of(Fraction(2, 3)) * Coefficient.symbol(
        Variable("h:Y2", ONE)
    )


LATE = """
method late
  ode u' = f(t, u) + g(t, u)
step
  {}
  {}
  u[n+1] = u[n] + h*k1 + h*k2
"""


@pytest.mark.parametrize("first", [0, 1])
def test_the_time_of_f_does_not_count_what_g_gave_even_where_g_stands_below(first: int) -> None:
    lines = ["k1 = f(u[n] + h*k2[n-1])", "k2 = g(u[n])"]
    made = graph(LATE.format(lines[first], lines[1 - first]))
    assert [e.c for e in made.evaluations] == [0, 0]


def test_a_step_may_be_given_from_outside() -> None:
    half = Number.of(Fraction(1, 2))
    (step,) = lower(load("rk4"), "learned", half).symbols
    assert (step.kind, step.start) == ("learn", half)
    (bounded,) = lower(parse(BOUNDED), "fixed").symbols
    assert (bounded.kind, bounded.bounds) == ("h", None)


BOUNDED = """
method bounded
  learn h = 1 in [0.1, 2]
step
  u[n+1] = u[n] + h*f(u[n])
"""


def test_roundings_of_printed_digits_reach_the_graph() -> None:
    made, scheme = lower(load("tsit5")), load("tsit5")
    assert isinstance(scheme.body, RungeKutta)
    cell = scheme.body.tableaus[0].stages[5].cells[4].value
    assert made.row["Y6"].coefficients["k5"] == H * cell
    assert made.row["Y6"].coefficients["k5"].radius == cell.radius > 0
