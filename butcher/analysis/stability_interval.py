"""How far the negative real axis and the imaginary axis lie in the region of stability.

The region is where all roots w of p(w, z) are in the closed unit disc, those on the circle
simple. Both ends are found exactly: they are roots of polynomials, isolated by Sturm's chains.

One step, R = P/Q: |R(z)| <= 1 where E(z) = |Q(z)|^2 - |P(z)|^2 >= 0; along a half-axis this is a
polynomial, and the first zero of odd multiplicity ends the interval (touching does no harm).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import inf

from butcher.analysis import complex_roots
from butcher.analysis.characteristic import CharacteristicPolynomial
from butcher.analysis.critical_points import critical_points, first_failure
from butcher.analysis.roots import is_simple_von_neumann
from butcher.analysis.sturm import RealRoot, first_sign_change
from butcher.analysis.univariate import (
    Polynomial,
    minus,
    mirrored,
    on_imaginary_axis,
    plus,
    times,
    value,
)
from butcher.coefficient import ZERO, Number

Extent = Number | float
"""A number in closed form, a float where there is none (right to its last digit), or infinity."""


@dataclass(frozen=True)
class Band:
    """A polynomial in t >= 0 between two others: what rounded decimals leave open."""

    least: Polynomial
    most: Polynomial

    @property
    def reach(self) -> Extent | None:
        """Up to where it is not negative; None where the digits printed do not tell."""
        most = _reach(self.most)
        if self.least == self.most:
            return most
        least = _reach(self.least)
        return most if least == most else _common(float(least), float(most))


def _reach(p: Polynomial) -> Extent:
    first = next((a for a in p if a), None)
    if first is None:
        return inf
    return ZERO if first.sign < 0 else _extent(first_sign_change(p))


def _extent(end: RealRoot | Number | None) -> Extent:
    if end is None:
        return inf
    if isinstance(end, Number):
        return end
    return float(end) if end.exact is None else end.exact


def _common(low: float, high: float) -> float | None:
    """The digits on which both agree, None for less than three."""
    for digits in range(17, 2, -1):
        first, second = f"{low:.{digits}g}", f"{high:.{digits}g}"
        if first == second:
            return float(first)
    return None


# ---------------------------------------------------------------------- one step


def along_real_axis(P: Polynomial, Q: Polynomial) -> Polynomial:
    """E(-x)."""
    P, Q = mirrored(P), mirrored(Q)
    return minus(times(Q, Q), times(P, P))


def along_imaginary_axis(P: Polynomial, Q: Polynomial) -> Polynomial:
    """E(iy), a polynomial in y^2."""
    return minus(_squared(Q), _squared(P))


def _squared(p: Polynomial) -> Polynomial:
    """|p(iy)|^2, a polynomial in y^2."""
    a, b = on_imaginary_axis(p)
    return plus(times(a, a), (ZERO, *times(b, b)))


def in_square(p: Polynomial) -> Polynomial:
    """p(x^2)."""
    return tuple(one for a in p for one in (a, ZERO))[:-1]


# ---------------------------------------------------------------------- several steps


def real_extent(found: CharacteristicPolynomial) -> Extent:
    """The largest x with z in the region for all -x < z < 0, but for single points perhaps."""
    family = [mirrored(one) for one in found.coefficients]

    def holds(x: Fraction) -> bool:
        return is_simple_von_neumann([value(one, x) for one in family])

    return _extent(first_failure(critical_points(family), holds))


def imaginary_extent(found: CharacteristicPolynomial) -> Extent:
    """The largest y with z in the region for all z on the axis between 0 and i y."""
    axis = [on_imaginary_axis(one) for one in found.coefficients]

    def holds(y: Fraction) -> bool:
        numbers = [(value(a, y * y), value(b, y * y) * y) for a, b in axis]
        return complex_roots.is_simple_von_neumann(numbers)

    points = [in_square(one) for one in critical_points(_with_conjugate(axis))]
    return _extent(first_failure(points, holds))


def _with_conjugate(axis: Sequence[tuple[Polynomial, Polynomial]]) -> list[Polynomial]:
    """p(w, iy) p(w, -iy), or p(w, iy) itself if that is real: coefficients are polynomials in y^2.

    Of p(w, iy) = sum_k (a_k + i y b_k) w^k it is (sum a_k w^k)^2 + y^2 (sum b_k w^k)^2.
    """
    real = [a for a, _ in axis]
    imaginary = [b for _, b in axis]
    if not any(imaginary):
        return real
    squares = zip(_convolved(real), _convolved(imaginary), strict=True)
    return [plus(a, (ZERO, *b) if b else ()) for a, b in squares]


def _convolved(p: Sequence[Polynomial]) -> list[Polynomial]:
    size = range(2 * len(p) - 1)
    return [
        reduce(plus, (times(p[i], p[k - i]) for i in range(len(p)) if 0 <= k - i < len(p)))
        for k in size
    ]
