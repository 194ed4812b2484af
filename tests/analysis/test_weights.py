"""Elementary weights of single trees, and their derivatives by the coefficients."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import butcher
from butcher.analysis.conditions.proof import prove
from butcher.analysis.conditions.shapes import Shape, shape
from butcher.analysis.conditions.system import System, system
from butcher.analysis.conditions.weights import Exact, Fixed, Numbers, Weights
from butcher.coefficient import Number
from butcher.ir.lower import lower

TREES = ["[]", "[[]]", "[[], [[]]]", "[[[[]]]]", "[[[], []], [[]]]", "[[[]], [[]], []]"]


def tree(bracket: str) -> Shape:
    found = shape(bracket)
    assert found is not None
    return found


def rows(found: System) -> list[tuple[str, dict[int, Number]]]:
    return [(s.slot, {j: e.value for j, e in s.argument.stages.items()}) for s in found.stages]


def weights(found: System) -> dict[int, Number]:
    return {j: e.value for j, e in found.targets[0].combination.stages.items()}


@pytest.mark.parametrize("name", ["heun3", "gauss4", "dopri54"])
def test_they_are_what_the_proof_gets(name: str) -> None:
    found = system(lower(butcher.load(name)), 6)
    method = Weights(rows(found), Exact(), False)
    failures = prove(found, 6)[0].failures
    assert failures
    for failure in failures:
        assert method.of(weights(found), tree(failure.tree)) == failure.got


@given(st.sampled_from(TREES), st.integers(1, 6), st.integers(0, 5))
def test_a_derivative_is_that_of_the_polynomial(bracket: str, row: int, column: int) -> None:
    """By differences that are exact for polynomials of degree six."""
    found = system(lower(butcher.load("dopri54")), 5)
    b, a = weights(found), rows(found)

    def at(x: Fraction) -> Number:
        slot, before = a[row]
        changed = {**before, column: before.get(column, Number.of(0)) + x}
        return Weights([*a[:row], (slot, changed), *a[row + 1 :]], Exact(), False).of(
            b, tree(bracket)
        )

    stencil = {1: 45, 2: -9, 3: 1}
    parts = [(at(Fraction(x)) - at(Fraction(-x))) * n for x, n in stencil.items()]
    difference = sum(parts, Number.of(0)) / 60
    gradient = Weights(a, Exact(), False).gradient(b, tree(bracket))
    assert gradient.get((row, column), Number.of(0)) == difference


def test_fixed_point_numbers_are_near() -> None:
    found = system(lower(butcher.load("verner76")), 5)
    fixed = Fixed(256)

    def rounded(row: dict[int, Number]) -> dict[int, int]:
        return {j: fixed.of(value) for j, value in row.items()}

    near: Numbers[int] = fixed
    exact = Weights(rows(found), Exact(), False)
    other = Weights([(slot, rounded(row)) for slot, row in rows(found)], near, False)
    for bracket in TREES:
        got = fixed.number(other.of(rounded(weights(found)), tree(bracket)))
        wanted = exact.of(weights(found), tree(bracket))
        assert abs(got - wanted) < Fraction(1, 1 << 240)
