"""The B-series of methods: flows compose, inverses alternate, other programs agree."""

from ast import literal_eval
from collections.abc import Sequence
from fractions import Fraction

import kauri
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from method_graphs import Value, multistep, number, runge_kutta

import butcher
from butcher.analysis.conditions.order import order
from butcher.analysis.conditions.system import system
from butcher.analysis.entry import Entry
from butcher.analysis.limits import UndefinedError
from butcher.analysis.modified.bseries import Flow, numerical_flow
from butcher.analysis.modified.expansion import difference_equation
from butcher.coefficient import Number
from butcher.ir.graph import Graph
from butcher.ir.lower import lower

F = Fraction
Matrix = list[list[Fraction]]
fractions = st.fractions(-2, 2, max_denominator=6)


def flow(method: Graph | str, up_to: int) -> Flow:
    graph = lower(butcher.load(method)) if isinstance(method, str) else method
    found = numerical_flow(system(graph.changed(estimates=()), up_to))
    for _ in range(up_to):
        found.advance()
    return found


def field(method: Graph | str, up_to: int) -> dict[str, Number]:
    """b by tree."""
    found = flow(method, up_to)
    return {found.trees.bracket(t): weight.value for t, weight in enumerate(found.field)}


@st.composite
def tableaux(draw: st.DrawFn) -> tuple[Matrix, list[Fraction]]:
    """Any, implicit ones as well, whose weights add up to 1 or not."""
    stages = range(draw(st.integers(1, 3)))
    return [[draw(fractions) for _ in stages] for _ in stages], [draw(fractions) for _ in stages]


# ---------------------------------------------------------------------- what the weights are


def test_the_exact_solution_has_the_weights_of_its_densities() -> None:
    found = flow("verner89", 8)
    for tree in range(len(found.trees)):
        n, gamma = found.trees.size(tree), found.trees.gamma(tree)
        for time in (-2, -1, 1, 3):
            assert found.weight(tree, time) == Entry(number(F(time**n, gamma)).number)


@pytest.mark.parametrize("method", ["rk4", "gauss4", "bs32", "kutta3"])
def test_the_weights_of_a_new_value_are_those_that_its_order_was_judged_by(method: str) -> None:
    graph = lower(butcher.load(method))
    broken = {f.tree: f.got for f in order(graph).advanced.failures}
    found = flow(method, 5)
    weights = {found.trees.bracket(t): found.weight(t).value for t in range(len(found.trees))}
    assert broken
    assert {tree: weights[tree] for tree in broken} == broken


@settings(max_examples=8, deadline=None)
@given(tableaux())
def test_another_program_finds_the_same_field(tableau: tuple[Matrix, list[Fraction]]) -> None:
    A, b = tableau
    theirs = kauri.RK([[float(a) for a in line] for line in A], list(map(float, b)))
    map_of_field = theirs.modified_equation_map()
    for tree, weight in field(runge_kutta(A, b), 5).items():
        assert float(weight) == pytest.approx(
            map_of_field(kauri.Tree(literal_eval(tree))), abs=1e-6
        )


# ---------------------------------------------------------------------- what flows do


@settings(max_examples=20, deadline=None)
@given(tableaux())
def test_two_half_steps_follow_the_field_of_half_the_step(
    tableau: tuple[Matrix, list[Fraction]],
) -> None:
    A, b = tableau
    first = [[a / 2 for a in line] + [F(0)] * len(b) for line in A]
    second = [[w / 2 for w in b] + [a / 2 for a in line] for line in A]
    twice = field(runge_kutta(first + second, [w / 2 for w in b + b]), 5)
    for tree, weight in field(runge_kutta(A, b), 5).items():
        assert twice[tree] == weight / 2 ** (tree.count("[") - 1)


@settings(max_examples=20, deadline=None)
@given(tableaux())
def test_the_field_of_the_adjoint_method_has_alternating_signs(
    tableau: tuple[Matrix, list[Fraction]],
) -> None:
    """Hairer, Lubich, Wanner, Geometric Numerical Integration, theorem IX.2.1."""
    A, b = tableau
    adjoint = [[w - a for a, w in zip(line, b, strict=True)] for line in A]
    theirs = field(runge_kutta(adjoint, b), 5)
    for tree, weight in field(runge_kutta(A, b), 5).items():
        assert theirs[tree] == weight * (-1) ** (tree.count("[") - 1)


@pytest.mark.parametrize("method", ["implicit_midpoint", "trapezoid", "gauss4", "leapfrog"])
def test_symmetric_methods_have_even_powers_of_h_alone(method: str) -> None:
    """Ibid., theorem IX.2.2."""
    found = field(method, 7)
    assert not any(weight for tree, weight in found.items() if tree.count("[") % 2 == 0)
    assert any(weight for tree, weight in found.items() if tree.count("[") == 7)


# ---------------------------------------------------------------------- several steps

MULTISTEP: dict[str, tuple[list[Value], list[Value]]] = {
    "ab3": ([0, 0, -1, 1], [F(5, 12), F(-4, 3), F(23, 12)]),
    "am2": ([0, -1, 1], [F(-1, 12), F(2, 3), F(5, 12)]),
    "bdf2": ([F(1, 3), F(-4, 3), 1], [0, 0, F(2, 3)]),
    "leapfrog": ([-1, 0, 1], [0, 2]),
    "no order": ([F(1, 4), F(-5, 4), 1], [F(1, 3), F(2, 5)]),
}


@pytest.mark.parametrize("name", MULTISTEP)
def test_the_field_satisfies_the_difference_equation(name: str) -> None:
    """With D = d/dt along the field, its n-th power of a tree being phi_s's term of s^n / n!,
    rho(exp(hD)) / (h sigma(exp(hD))) u = f says that sum_q c_q D_q(t) is 1 for f and else 0.
    """
    alpha, beta = MULTISTEP[name]
    method = multistep(alpha, beta)
    up_to = 6
    found = flow(method, up_to)
    equation = difference_equation(method)
    c = [one.number for one, _ in zip(equation.left(), range(up_to + 1), strict=False)]
    (right,) = (one.number for one in equation.right.values())
    for tree in range(len(found.trees)):
        powers = taylor([found.weight(tree, s).value.fraction for s in range(up_to + 1)])
        total = sum((a * d for a, d in zip(c, powers, strict=True)), F(0) * c[0])
        assert total == (right if tree == 0 else 0)


def taylor(values: Sequence[Fraction]) -> list[Fraction]:
    """n! times the coefficients of the polynomial that has these values at 0, 1, 2, ..."""
    n = len(values)
    coefficients = [F(0)] * n
    for i, value in enumerate(values):
        basis, scale = [F(1)], F(1)
        for j in range(n):
            if j != i:
                basis = [a - j * b for a, b in zip([F(0), *basis], [*basis, F(0)], strict=True)]
                scale *= i - j
        coefficients = [a + value * b / scale for a, b in zip(coefficients, basis, strict=True)]
    factorial = 1
    for k in range(1, n):
        factorial *= k
        coefficients[k] *= factorial
    return coefficients


def test_ways_to_write_a_method_have_one_field() -> None:
    assert field("ab2", 5) == field("ab2_step", 5)
    assert field("leapfrog", 5) == field("midpoint_network", 5)
    assert field("bdf1", 5) == field("backward_euler", 5)


def test_a_double_root_leaves_no_field() -> None:
    with pytest.raises(UndefinedError, match="double root"):
        flow(multistep([1, -2, 1], [0, 1]), 2)


def test_slots_that_only_add_up_are_one_function() -> None:
    """u + h (f(u) + g(u)) is Euler's method for f + g, whichever node is of which."""
    euler = field("euler", 4)
    coloured = field("polynet_2way", 4)
    assert coloured == {tree: euler[tree.replace("f", "").replace("g", "")] for tree in coloured}


def test_the_two_partitioned_euler_methods_are_adjoint() -> None:
    """What comes first in the one, x or y, comes last in the other."""
    found = field("revnet", 5)
    swapped = {tree.translate(str.maketrans("fg", "gf")): weight for tree, weight in found.items()}
    assert found == {t: weight * (-1) ** (t.count("[") - 1) for t, weight in swapped.items()}
