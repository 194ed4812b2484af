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

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Literal

from butcher.analysis.entry import NOTHING, Entry
from butcher.analysis.equation import check_equation
from butcher.analysis.limits import UndefinedError, bounded
from butcher.analysis.linear.linear_response import (
    determinant_radii,
    linear_blocks,
    meant,
    response_radii,
    transfer,
)
from butcher.analysis.multistep.method import linear_multistep
from butcher.analysis.polynomials.matrix import characteristic
from butcher.analysis.polynomials.univariate import (
    VARIABLE,
    Polynomial,
    common_divisor,
    polynomial,
    power,
    quotient,
    scaled,
    times,
)
from butcher.coefficient import ZERO
from butcher.ir.graph import Graph

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


@dataclass(frozen=True)
class CharacteristicPolynomial:
    """p(w, z) = sum_k coefficients[k](z) w^k, without a common factor.

    test_equation   what is solved, and what z is.
    coefficients    of w^0, w^1, ..., each a polynomial in z, constant term first.
    radii           for each coefficient of an explicit one-step method's R a bound of what
                    rounded decimals leave open. Empty where all numbers are exact, None where
                    they are not and it was not followed.
    rounded         whether there were rounded decimals. What looks like a short fraction, or
                    in R like 1/k!, is taken for it; other numbers are those written.
    """

    test_equation: Equation
    coefficients: tuple[Polynomial, ...]
    radii: tuple[Fraction, ...] | None
    rounded: bool = False

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
    check_equation(graph)
    reads = {e.state: [state for _, state in e.slots] for e in graph.ode}
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
    rounded = any(one.radius for row in rows for one in row)
    rows = [[one.meant for one in row] for row in rows]
    exact = not any(one.radius for row in rows for one in row)
    coefficients = tuple(polynomial(one.value for one in row) for row in rows)
    return CharacteristicPolynomial(equation, coefficients, () if exact else None, rounded)


# ---------------------------------------------------------------------- any graph


def _general(graph: Graph, equation: Equation) -> CharacteristicPolynomial:
    blocks, is_scaled = linear_blocks(graph, 2 if equation == SECOND_ORDER else 1)
    if not is_scaled:
        if equation != DIRECT:
            raise UndefinedError("a coefficient is not the power of h that the equation asks for")
        equation = UNSCALED
    z = times(VARIABLE, VARIABLE) if equation == SECOND_ORDER else VARIABLE
    above, below = transfer(blocks, z, lambda one: one.value)
    if len(above) == 1:
        coefficients = [scaled(above[0][0], -1), below]
    else:
        factors, _ = characteristic(above)
        factors = [times(c, power(below, len(above) - k)) for k, c in enumerate(factors)]
        coefficients = factors[::-1]
    if blocks.is_exact:
        return CharacteristicPolynomial(equation, _without_common_factor(coefficients), ())
    radii = None
    if len(above) == 1 and blocks.is_explicit:
        radii = response_radii(blocks, z, len(coefficients[0]))
    if radii is not None:
        R = meant([Entry(-a, radius) for a, radius in zip(coefficients[0], radii, strict=True)])
        while R[-1] == NOTHING:
            R.pop()
        coefficients[0] = tuple(-one.value for one in R)
        radii = tuple(one.radius for one in R) if any(one.radius for one in R) else ()
    elif len(above) == 1 and (short := _short(coefficients, determinant_radii(blocks, z))):
        coefficients, radii = list(_without_common_factor(short)), ()
    return CharacteristicPolynomial(equation, tuple(coefficients), radii, True)


def _short(
    coefficients: Sequence[Polynomial], radii: Sequence[Fraction]
) -> list[Polynomial] | None:
    """The short fractions that all coefficients look like."""
    found = []
    for one in coefficients:
        padded = [*one, *[ZERO] * (len(radii) - len(one))]
        entries = [Entry(a, radius).meant for a, radius in zip(padded, radii, strict=True)]
        if any(e.radius for e in entries):
            return None
        found.append(polynomial(e.value for e in entries))
    return found


def _without_common_factor(coefficients: Sequence[Polynomial]) -> tuple[Polynomial, ...]:
    """Nor a power of w; the leading coefficient is 1 at z = 0, if it is not 0 there."""
    first = next(k for k, one in enumerate(coefficients) if one)
    common = reduce(common_divisor, coefficients)
    found = [quotient(one, common) for one in coefficients[first:]]
    start = next(a for a in found[-1] if a).inverse()
    return tuple(scaled(one, start) for one in found)
