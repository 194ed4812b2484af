"""What a block does to a linear problem: the characteristic polynomial of y' = M(z) y.

With k = lambda Y for every evaluation the stages are solved for exactly,

    M(z) = V + z B (I - z A)^-1 U      p(w, z) = det(w I - M(z))

up to a common factor (Butcher, Numerical Methods for Ordinary Differential Equations, 520). Of a
one-step method p = w Q(z) - P(z) with the stability function R = P/Q in lowest terms, of a
linear multistep method p = rho(w) - z sigma(w).

Where a frequency is what the test problem has, two eigenvalues +-lambda stand for it:

    u'' = lambda^2 u      x' = lambda y, y' = lambda x      z = h lambda

so that the harmonic oscillator is the imaginary axis, z = i h omega, and exp(z) is aimed at as
everywhere else. (Scaling y turns the second into x' = omega y, y' = -omega x.)
"""

from __future__ import annotations

import cmath
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Literal

from butcher.analysis.entry import NOTHING, Entry, NotHomogeneousError, entry
from butcher.analysis.limits import UndefinedError
from butcher.analysis.multistep import linear_multistep
from butcher.analysis.polynomial_matrix import PolynomialMatrix, characteristic, product
from butcher.analysis.univariate import (
    UNIT,
    VARIABLE,
    Polynomial,
    bounded,
    common_divisor,
    complex_value,
    minus,
    plus,
    polynomial,
    power,
    quotient,
    scaled,
    times,
)
from butcher.coefficient import ONE, Coefficient, Number
from butcher.ir.glm import Matrix, general_linear_method
from butcher.ir.graph import Graph
from butcher.ir.steps import is_step

Equation = Literal[
    "u' = lambda u, z = h lambda",
    "u' = lambda u, h = 1, z = lambda",
    "u'' = lambda^2 u, z = h lambda",
    "x' = lambda y, y' = lambda x, z = h lambda",
]
DIRECT: Equation = "u' = lambda u, z = h lambda"
UNSCALED: Equation = "u' = lambda u, h = 1, z = lambda"
SECOND_ORDER: Equation = "u'' = lambda^2 u, z = h lambda"
PARTITIONED: Equation = "x' = lambda y, y' = lambda x, z = h lambda"

Entries = Sequence[Sequence[Entry]]


@dataclass(frozen=True)
class CharacteristicPolynomial:
    """p(w, z) = sum_k coefficients[k](z) w^k, without a common factor.

    test_equation   what is solved, and what z is.
    coefficients    of w^0, w^1, ..., each a polynomial in z, constant term first.
    radii           for each coefficient of an explicit one-step method's R a bound of what
                    rounded decimals leave open. Empty where all numbers are exact, None where
                    they are not and it was not followed.
    """

    test_equation: Equation
    coefficients: tuple[Polynomial, ...]
    radii: tuple[Fraction, ...] | None

    @property
    def is_exact(self) -> bool:
        return self.radii == ()

    @property
    def is_oscillator(self) -> bool:
        """Whether the test problem has the two eigenvalues lambda and -lambda."""
        return self.test_equation in (SECOND_ORDER, PARTITIONED)

    @property
    def is_one_step(self) -> bool:
        """Whether there is one root, w = R(z)."""
        return len(self.coefficients) == 2

    def at(self, z: complex) -> list[complex]:
        """The coefficients of w^0, w^1, ... at one z, in double precision."""
        return [complex_value(one, z) for one in self.coefficients]

    def roots(self, z: complex) -> list[complex]:
        """The roots w at one z, in double precision; fewer where the leading one vanishes."""
        return _roots(self.at(z))

    def floats(self) -> tuple[tuple[float, ...], ...]:
        """The coefficients in double precision, to be evaluated on a grid."""
        return tuple(tuple(map(float, one)) for one in self.coefficients)


def characteristic_polynomial(graph: Graph) -> CharacteristicPolynomial:
    """Symbols at their start values.

    Raises UndefinedError where one number lambda cannot stand for the slots, or TooLargeError.
    """
    equation = _equation(graph)
    with bounded("the stability function"):
        method = linear_multistep(graph)
        if method is not None:
            gap = [NOTHING] * (method.derivative - 1)
            columns = zip(method.alpha, method.beta, strict=True)
            return _of_entries(equation, [[a, *gap, NOTHING - b] for a, b in columns])
        return _general(graph, equation)


def _equation(graph: Graph) -> Equation:
    if used := [slot for slot in graph.slots if slot in graph.linear]:
        raise UndefinedError(f"slot {used[0]} is a linear map, trained, and no multiple of h")
    if not graph.slots:
        raise UndefinedError("no slot is evaluated")
    reads = {e.state: [state for _, state in e.slots] for e in graph.ode}
    known = {slot for e in graph.ode for slot, _ in e.slots}
    for slot in graph.slots:
        if slot not in known:
            raise UndefinedError(f"slot {slot} does not stand in the ode clause")
    if any(len(states) > 1 for states in reads.values()):
        raise UndefinedError("several slots drive one state, each with eigenvalues of its own")
    derivatives = {e.derivative for e in graph.ode}
    if len(reads) == 1 and reads == {state: [state] for state in reads}:
        return DIRECT if derivatives == {1} else SECOND_ORDER
    (x, (y, *_)), *others = reads.items()
    if derivatives == {1} and y != x and others == [(y, [x])]:
        return PARTITIONED
    raise UndefinedError("no scalar test equation is in use for such a system")


# ---------------------------------------------------------------------- multistep


def _of_entries(equation: Equation, rows: Sequence[Sequence[Entry]]) -> CharacteristicPolynomial:
    """The coefficients of w^0, w^1, ..., each by powers of z."""
    coefficients = tuple(polynomial(one.value for one in row) for row in rows)
    exact = not any(one.radius for row in rows for one in row)
    return CharacteristicPolynomial(equation, coefficients, () if exact else None)


# ---------------------------------------------------------------------- any graph


@dataclass(frozen=True)
class _Blocks:
    """[A U; B V], h taken out; only stages that a new state depends on."""

    A: Entries
    U: Entries
    B: Entries
    V: Entries

    @property
    def is_exact(self) -> bool:
        return not any(one.radius for part in self.parts for row in part for one in row)

    @property
    def parts(self) -> tuple[Entries, ...]:
        return self.A, self.U, self.B, self.V

    @property
    def is_explicit(self) -> bool:
        return not any(one.value for i, row in enumerate(self.A) for one in row[i:])


def _general(graph: Graph, equation: Equation) -> CharacteristicPolynomial:
    blocks, equation = _blocks(graph, equation)
    z = times(VARIABLE, VARIABLE) if equation == SECOND_ORDER else VARIABLE
    above, below = _transfer(blocks, z, lambda one: one.value)
    if len(above) == 1:
        coefficients = [scaled(above[0][0], -1), below]
    else:
        factors, _ = characteristic(above)
        factors = [times(c, power(below, len(above) - k)) for k, c in enumerate(factors)]
        coefficients = factors[::-1]
    if blocks.is_exact:
        return CharacteristicPolynomial(equation, _without_common_factor(coefficients), ())
    followed = len(above) == 1 and blocks.is_explicit
    radii = _radii(blocks, z, len(coefficients[0])) if followed else None
    return CharacteristicPolynomial(equation, tuple(coefficients), radii)


def _transfer(
    blocks: _Blocks, z: Polynomial, of: Callable[[Entry], Number]
) -> tuple[list[list[Polynomial]], Polynomial]:
    """(W, d), polynomials in z, with M(z) = W / d."""

    def matrix(entries: Entries, factor: Polynomial) -> list[list[Polynomial]]:
        return [[scaled(factor, of(one)) for one in row] for row in entries]

    A, U = matrix(blocks.A, z), matrix(blocks.U, UNIT)
    B, V = matrix(blocks.B, z), matrix(blocks.V, UNIT)
    if blocks.is_explicit:
        below, stages = UNIT, _substituted(A, U)
    else:
        factors, adjugate = characteristic(A)
        below, stages = reduce(plus, factors), product(adjugate, U)
    if not stages:
        return V, UNIT
    return [
        [plus(times(below, v), b) for v, b in zip(kept, new, strict=True)]
        for kept, new in zip(V, product(B, stages), strict=True)
    ], below


def _substituted(A: PolynomialMatrix, U: PolynomialMatrix) -> list[list[Polynomial]]:
    """(I - A)^-1 U for A strictly below its diagonal."""
    stages: list[list[Polynomial]] = []
    for line, start in zip(A, U, strict=True):
        for factor, stage in zip(line, stages, strict=False):
            if factor:
                start = [plus(a, times(factor, b)) for a, b in zip(start, stage, strict=True)]
        stages.append(list(start))
    return stages


def _radii(blocks: _Blocks, z: Polynomial, size: int) -> tuple[Fraction, ...] | None:
    """Of R, a sum of products without division: what |a| + radius makes of it, less |a|."""
    ((most,),), _ = _transfer(blocks, z, lambda one: Number.of(one.value.magnitude() + one.radius))
    ((least,),), _ = _transfer(blocks, z, lambda one: Number.of(one.value.magnitude()))
    found = [one.fraction for one in minus(most, least)]
    return (*found, *[Fraction(0)] * (size - len(found))) if len(found) <= size else None


def _blocks(graph: Graph, equation: Equation) -> tuple[_Blocks, Equation]:
    method = general_linear_method(graph)
    unit = 2 if equation == SECOND_ORDER else 1
    kept = [unit if state.kind == "evaluation" else 0 for state in method.states]
    columns = [unit] * len(method.stages)
    matrices = (
        (method.A, [0] * len(columns), columns),
        (method.U, [0] * len(columns), kept),
        (method.B, kept, columns),
        (method.V, kept, kept),
    )
    try:
        try:
            found = [_homogeneous(*one) for one in matrices]
        except NotHomogeneousError:
            if equation != DIRECT:
                raise
            found, equation = [_at_one(matrix) for matrix, *_ in matrices], UNSCALED
    except NotHomogeneousError as error:
        raise UndefinedError(f"{error} is not a number times h^{unit}") from error
    except ZeroDivisionError as error:
        raise UndefinedError(str(error)) from error
    return _alive(_Blocks(*found)), equation


def _homogeneous(matrix: Matrix, rows: Sequence[int], columns: Sequence[int]) -> Entries:
    """r in r h^(column - row): a kept evaluation is held as h times it."""
    return [
        [
            entry(one, column - row) if one else NOTHING
            for column, one in zip(columns, line, strict=True)
        ]
        for row, line in zip(rows, matrix, strict=True)
    ]


def _at_one(matrix: Matrix) -> Entries:
    """The values where every step is 1."""

    def value(one: Coefficient) -> Entry:
        steps = [v for v in one.variables if is_step(v.name)]
        if one.radius and any(v.start != ONE for v in steps):
            raise NotHomogeneousError(str(one))
        return Entry(one.evaluate({v.name: ONE for v in steps}), one.radius)

    return [[value(one) for one in line] for line in matrix]


def _alive(blocks: _Blocks) -> _Blocks:
    """Without the stages that no new state depends on."""
    waiting = [j for row in blocks.B for j, one in enumerate(row) if one.value]
    found = set(waiting)
    while waiting:
        new = {j for j, one in enumerate(blocks.A[waiting.pop()]) if one.value} - found
        found |= new
        waiting += new
    keep = sorted(found)
    return _Blocks(
        [[blocks.A[i][j] for j in keep] for i in keep],
        [blocks.U[i] for i in keep],
        [[row[j] for j in keep] for row in blocks.B],
        blocks.V,
    )


def _without_common_factor(coefficients: Sequence[Polynomial]) -> tuple[Polynomial, ...]:
    """Nor a power of w; the leading coefficient is 1 at z = 0, if it is not 0 there."""
    first = next(k for k, one in enumerate(coefficients) if one)
    common = reduce(common_divisor, coefficients)
    found = [quotient(one, common) for one in coefficients[first:]]
    start = next(a for a in found[-1] if a).inverse()
    return tuple(scaled(one, start) for one in found)


# ---------------------------------------------------------------------- roots in double precision


def _roots(factors: Sequence[complex]) -> list[complex]:
    """All at once, by Aberth's method from points on a circle."""
    p = list(factors)
    while p and not p[-1]:
        p.pop()
    zeros = next((k for k, a in enumerate(p) if a), 0)
    p = p[zeros:]
    if len(p) < 2:
        return [0j] * zeros
    size = 1 + max(abs(a / p[-1]) for a in p[:-1])
    count = len(p) - 1
    roots = [cmath.rect(size, 2 * cmath.pi * (k + 0.3) / count) for k in range(count)]
    for _ in range(200):
        steps = [_aberth(p, roots, k) for k in range(count)]
        roots = [w - step for w, step in zip(roots, steps, strict=True)]
        if all(abs(step) <= 1e-15 * abs(w) for w, step in zip(roots, steps, strict=True)):
            break
    return [0j] * zeros + roots


def _aberth(p: Sequence[complex], roots: Sequence[complex], k: int) -> complex:
    w, value, slope = roots[k], 0j, 0j
    for a in reversed(p):
        slope = slope * w + value
        value = value * w + a
    if not value:
        return 0j
    others = sum(1 / (w - x) for j, x in enumerate(roots) if j != k and x != w)
    return 1 / (slope / value - others)
