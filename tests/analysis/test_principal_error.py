"""The first terms of the local error."""

from fractions import Fraction
from math import hypot, sqrt

import nodepy_methods
import pytest
from method_graphs import runge_kutta
from nodepy_methods import METHODS

import butcher
from butcher.analysis.conditions.system import system
from butcher.analysis.runge_kutta.principal_error import ErrorTerms, PrincipalError, error_terms
from butcher.ir.graph import Graph
from butcher.ir.lower import lower

F = Fraction


def terms(graph: Graph) -> ErrorTerms:
    return error_terms(system(graph, 1), 12)


def shipped(name: str) -> ErrorTerms:
    return terms(lower(butcher.load(name)))


@pytest.mark.parametrize(
    ("name", "order", "wanted"),
    [
        # Dormand, Prince, A family of embedded Runge-Kutta formulae (1980): RK5(4)7M
        ("dopri54", 5, 3.99e-4),
        # Ralston (1962) minimises the error of two stages; 1/6 is left, of f'(f'(f)) alone
        ("ralston2", 2, 1 / 6),
        # sfu.ca/~jverner: RKV98.IIa.Efficient.000000349
        ("verner98", 9, 3.49e-7),
        # by hand: 1/6, 1/24 and 1/12
        ("euler", 1, 1 / 2),
        ("implicit_midpoint", 2, hypot(1 / 12, 1 / 24)),
        ("trapezoid", 2, hypot(1 / 12, 1 / 12)),
        # sqrt(1745)/2880, as NodePy's documentation prints it
        ("rk4", 4, sqrt(1745) / 2880),
    ],
)
def test_the_norm_is_the_one_of_the_literature(name: str, order: int, wanted: float) -> None:
    found = shipped(name).advanced
    assert found is not None
    assert found.order == order
    assert found.norm == pytest.approx(wanted, rel=2e-3)


def test_fehlberg_s_fifth_order_is_the_embedded_one() -> None:
    """Dormand and Prince (1980) quote 3.36e-3 for it; the fourth order advances."""
    found = shipped("rkf45")
    assert found.advanced is not None
    assert found.embedded is not None
    assert (found.advanced.order, found.embedded.order) == (4, 5)
    assert found.embedded.norm == pytest.approx(3.36e-3, rel=2e-3)


def test_every_condition_of_the_next_order_is_counted() -> None:
    found = shipped("verner89")
    assert found.advanced is not None
    assert found.embedded is not None
    assert (found.advanced.conditions, found.embedded.conditions) == (286, 719)
    assert found.advanced.maximum <= found.advanced.norm <= found.advanced.maximum * sqrt(286)


def test_the_largest_term_is_named() -> None:
    found = shipped("ralston2").advanced
    assert found == PrincipalError(2, 1 / 6, 1 / 6, "f'(f'(f))", 2, 1)


@pytest.mark.parametrize("name", nodepy_methods.EXACT)
def test_nodepy_computes_the_same(name: str) -> None:
    method, found = METHODS[name], terms(nodepy_methods.graph_of(name))
    assert found.advanced is not None
    assert found.advanced.order == method.order()
    assert found.advanced.norm == pytest.approx(float(method.principal_error_norm()), rel=1e-12)


@pytest.mark.parametrize("name", ["BS3", "Merson43", "CK5", "DP5", "Fehlberg45", "BS5"])
def test_and_the_same_measures_of_a_pair(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    found, theirs = terms(nodepy_methods.graph_of(name)), METHODS[name].error_metrics()
    assert found.pair is not None
    wanted = [float(theirs[i]) for i in (6, 8, 11)]
    assert pytest.approx(wanted, rel=1e-12) == [found.pair.B, found.pair.C, found.pair.E]


def test_the_roles_of_a_pair_do_not_depend_on_which_is_advanced() -> None:
    A = [[], [F(1, 2)], [F(-1), F(2)]]
    third, second = [F(1, 6), F(2, 3), F(1, 6)], [F(0), F(1), F(0)]
    one = terms(runge_kutta(A, third, bhat=second))
    other = terms(runge_kutta(A, second, bhat=third))
    assert one.pair == other.pair is not None
    assert (one.advanced, one.embedded) == (other.embedded, other.advanced)


def test_an_estimate_that_is_written_as_a_difference_is_the_same_one() -> None:
    A = [[], [F(1, 2)], [F(-1), F(2)]]
    third, second = [F(1, 6), F(2, 3), F(1, 6)], [F(0), F(1), F(0)]
    err = [a - b for a, b in zip(third, second, strict=True)]
    assert terms(runge_kutta(A, third, err=err)) == terms(runge_kutta(A, third, bhat=second))


def test_two_solutions_of_one_order_are_no_pair() -> None:
    A = [[], [F(1, 2)], [F(1)]]
    found = terms(runge_kutta(A, [0, 1, 0], bhat=[F(1, 2), 0, F(1, 2)]))
    assert found.embedded is not None
    assert found.embedded.order == 2
    assert found.pair is None


def test_coloured_trees_have_a_part_each() -> None:
    """The symplectic Euler method: of x'' the weight is 0 for 1/2, of y'' it is 1 for 1/2."""
    found = shipped("revnet").advanced
    assert found is not None
    assert (found.order, found.conditions, found.broken) == (1, 2, 2)
    assert found.norm == hypot(1 / 2, 1 / 2)


def test_rounded_digits_do_not_count_as_errors() -> None:
    """Of DOP853, with thirty digits, all conditions up to order 8 hold."""
    found = shipped("dop853")
    assert found.advanced is not None
    assert found.embedded is not None
    assert (found.advanced.order, found.embedded.order) == (8, 5)
    assert found.pair is not None
    assert found.pair.E == 0  # the order of the one is three higher: nothing of order 7 is left


def test_an_order_that_is_but_a_bound_has_no_principal_error() -> None:
    found = error_terms(system(lower(butcher.load("rk4")), 1), 3)
    assert found == ErrorTerms(None, None, None)


def test_every_new_value_takes_part() -> None:
    """Two states that do not know each other: Euler's method twice."""
    text = "method pair\n  ode x' = f(x), y' = g(y)\nstep\n"
    text += "  x[n+1] = x[n] + h*f(x[n])\n  y[n+1] = y[n] + h*g(y[n])\n"
    found = terms(lower(butcher.parse(text))).advanced
    assert found is not None
    assert (found.conditions, found.norm) == (2, hypot(1 / 2, 1 / 2))
