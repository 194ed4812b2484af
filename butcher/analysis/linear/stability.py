"""Linear stability: what a block does to u' = lambda u, decided exactly.

R = P/Q in lowest terms is the stability function of a one-step method (Hairer, Wanner, Solving
ODEs II, IV.2 and IV.3); a method of several steps has its characteristic polynomial instead. What
z is, and what stands for an oscillator, is in `characteristic`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from butcher.analysis.entry import Entry
from butcher.analysis.limits import TooLargeError, UndefinedError, bounded
from butcher.analysis.linear.characteristic import (
    CharacteristicPolynomial,
    Equation,
    characteristic_polynomial,
)
from butcher.analysis.linear.one_step import StabilityFunction
from butcher.analysis.linear.phase import Phase, phase
from butcher.analysis.linear.stability_interval import imaginary_extent, real_extent
from butcher.analysis.multistep.a_stability import sector
from butcher.analysis.multistep.method import linear_multistep
from butcher.analysis.polynomials.extent import Extent
from butcher.analysis.polynomials.univariate import Polynomial, scaled
from butcher.coefficient import Number
from butcher.ir.graph import Graph

Found = TypeVar("Found")

GUARD = 16
"""Bits beyond those that a rounding leaves."""


@dataclass(frozen=True)
class Stability:
    """What linear problems show of a method; symbols are at their start values.

    An interval ends in closed form where the end is rational or a quadratic surd, else it is a
    float right to its last digit, or infinite. It is None where rounded decimals leave it open,
    where it would take too long, or where it has no meaning. Single points at which roots meet
    on the unit circle inside a stable interval do not end it.

    test_equation         what is solved, and what z is.
    characteristic        p(w, z) by powers of w, each a polynomial in z, constant term first.
    numerator             P of R = P/Q, Q(0) = 1; of several steps None, as what is made of R.
    denominator           Q.
    exact                 whether no rounded decimal takes part. With some, what looks like a
                          short fraction, or in R like 1/k!, is taken for it, other coefficients
                          are those written, and everything else is what the digits printed prove.
    real_interval         the largest x such that all of (-x, 0) is stable; None for oscillators.
    imaginary_interval    the largest y such that i(-y, y) is stable. For oscillators y = h omega.
    a_stable              whether |R| <= 1 on the left half-plane; of a linear multistep method,
                          whether all roots are in the disc there. None for other methods of
                          several steps, and for oscillators.
    l_stable              whether, besides, R(infinity) = 0; None of several steps.
    r_at_infinity         the limit of R, or infinity.
    order_of_exponential  p in exp(z) - w(z) = C z^(p+1) + ..., w the root that is 1 at 0; None
                          if there is none, or it begins otherwise.
    error_constant        this C.
    dispersion_order      q in y - arg w(iy) = phi y^(q+1) + ... .
    dispersion_constant   this phi.
    dissipation_order     r in 1 - |w(iy)| = delta y^(r+1) + ...; infinite where |w(iy)| is 1.
    dissipation_constant  this delta.
    """

    test_equation: Equation
    characteristic: tuple[Polynomial, ...]
    numerator: Polynomial | None
    denominator: Polynomial | None
    exact: bool
    real_interval: Extent | None
    imaginary_interval: Extent | None
    a_stable: bool | None
    l_stable: bool | None
    r_at_infinity: Extent | None
    order_of_exponential: int | float | None
    error_constant: Number | float | None
    dispersion_order: int | float | None
    dispersion_constant: Number | float | None
    dissipation_order: int | float | None
    dissipation_constant: Number | float | None


def stability(graph: Graph) -> Stability:
    """Raises UndefinedError where no one number lambda stands for the slots, or TooLargeError."""
    found = characteristic_polynomial(graph)
    R = _stability_function(found)
    a_stable = None
    if not found.is_oscillator:
        a_stable = _unless_too_large(lambda: R.is_a_stable if R else _all_inside(graph))
    limit = R.at_infinity if R else None
    follows = _unless_too_large(lambda: phase(found)) or Phase(None, None, None)
    error, turn, size = follows.error, follows.dispersion, follows.dissipation
    return Stability(
        test_equation=found.test_equation,
        characteristic=found.coefficients,
        numerator=scaled(found.coefficients[0], -1) if R else None,
        denominator=R.Q if R else None,
        exact=not found.rounded,
        real_interval=_unless_too_large(lambda: _real_interval(found, R)),
        imaginary_interval=_unless_too_large(lambda: _imaginary_interval(found, R)),
        a_stable=a_stable,
        l_stable=None if a_stable is None or R is None else a_stable and limit == 0,
        r_at_infinity=limit,
        order_of_exponential=error.order if error else None,
        error_constant=error.constant if error else None,
        dispersion_order=turn.order if turn else None,
        dispersion_constant=turn.constant if turn else None,
        dissipation_order=size.order if size else None,
        dissipation_constant=size.constant if size else None,
    )


def _all_inside(graph: Graph) -> bool | None:
    """A-stability of a linear multistep method; None of any other, or where it has no meaning."""
    method = linear_multistep(graph)
    try:
        angle = None if method is None else sector(method)
    except UndefinedError:
        return None
    return None if angle is None else angle.a_stable


def _unless_too_large(answer: Callable[[], Found]) -> Found | None:
    try:
        with bounded("linear stability"):
            return answer()
    except TooLargeError:
        return None


def _real_interval(found: CharacteristicPolynomial, R: StabilityFunction | None) -> Extent | None:
    if found.is_oscillator:
        return None
    if R is not None:
        return R.real_interval
    return real_extent(found) if found.is_exact else None


def _imaginary_interval(
    found: CharacteristicPolynomial, R: StabilityFunction | None
) -> Extent | None:
    if R is not None:
        return R.imaginary_interval
    return imaginary_extent(found) if found.is_exact else None


def _stability_function(found: CharacteristicPolynomial) -> StabilityFunction | None:
    if not found.is_one_step:
        return None
    P, Q = scaled(found.coefficients[0], -1), found.coefficients[1]
    if not found.radii:
        # with a pole of odd order at 0 both change their sign, so that Q > 0 for small z < 0
        sign = 1 if next(k for k, a in enumerate(Q) if a) % 2 == 0 else -1
        return StabilityFunction(scaled(P, sign), scaled(Q, sign), found.radii)
    entries = [_shortened(a, radius) for a, radius in zip(P, found.radii, strict=True)]
    values, radii = zip(*entries, strict=True)
    return StabilityFunction(values, Q, radii)


def _shortened(value: Number, radius: Fraction) -> Entry:
    """With as many binary digits as the radius gives a meaning to, and a few more."""
    if not radius:
        return Entry(value)
    bits = GUARD + radius.denominator.bit_length() - radius.numerator.bit_length()
    if bits < 0:
        return Entry(value, radius)
    unit = Fraction(1, 1 << bits)
    units = -(-radius // unit) + 1
    return Entry(Number.of(value.scaled(bits) * unit), units * unit)
