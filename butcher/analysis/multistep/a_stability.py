"""A-stability of a linear multistep method, decided exactly, and the angle of A(alpha)-stability.

The characteristic polynomial of u' = lambda u is rho(w) - z sigma(w), z = h lambda. Its roots
cross the unit circle only where z is on the boundary locus rho(w)/sigma(w), |w| = 1, whose angle
with the negative real axis follows from

    rho(w) conj(sigma(w)) = R(x) + i sin(theta) I(x)      w = exp(i theta), x = cos theta

So all roots lie in the disc throughout a sector around the negative real axis if they do so at
z = -1 and no point of the locus is inside the sector. A-stable: R >= 0 on [-1, 1], by Sturm, and
rho + sigma is Schur (Hairer, Wanner, Solving ODEs II, V.1 and V.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import atan, degrees, sqrt

from butcher.analysis.limits import UndefinedError
from butcher.analysis.multistep.method import LinearMultistep
from butcher.analysis.polynomials.roots import is_schur, is_von_neumann
from butcher.analysis.polynomials.sturm import is_nonnegative, real_roots
from butcher.analysis.polynomials.trigonometric import on_circle
from butcher.analysis.polynomials.univariate import (
    VARIABLE,
    Polynomial,
    common_divisor,
    derivative,
    minus,
    plus,
    polynomial,
    quotient,
    times,
    value,
)
from butcher.coefficient import Number

BITS = 256
"""To which a critical cosine is refined: far more than a float holds."""


@dataclass(frozen=True)
class AStability:
    """alpha   in degrees, to 12 digits; 90 where A-stable, None where no sector is stable."""

    a_stable: bool
    alpha: float | None


def sector(method: LinearMultistep) -> AStability | None:
    """None where rounded decimals leave it open, and for u'' = f(u). UndefinedError as below."""
    if method.derivative != 1:
        return None
    method = method.meant
    if method.is_exact:
        return a_stability(method.rho, method.sigma)
    return AStability(False, None) if _is_surely_not_a_stable(method) else None


def a_stability(rho: Polynomial, sigma: Polynomial) -> AStability:
    """Of a method with exact coefficients; a common factor is divided out.

    UndefinedError if rho and sigma have a common root that is not inside the unit circle. Where
    sigma is 0, z is of no influence.
    """
    if not sigma:
        return AStability(True, 90.0) if is_von_neumann(rho, 1) else AStability(False, None)
    common = common_divisor(rho, sigma)
    if len(common) > 1 and not is_schur(common):
        raise UndefinedError("rho and sigma have a common root outside or on the unit circle")
    rho, sigma = quotient(rho, common), quotient(sigma, common)
    at_minus_one = plus(rho, sigma)
    if len(at_minus_one) < len(rho) or not is_schur(at_minus_one):
        return AStability(False, None)
    real, imaginary = on_circle(rho, sigma)
    if is_nonnegative(real, -1, 1):
        return AStability(True, 90.0)
    slope = _least_slope(real, imaginary)
    return AStability(False, degrees(atan(slope)) if slope else None)


def _least_slope(real: Polynomial, imaginary: Polynomial) -> float:
    """The least |Im z / Re z| on the locus where Re z < 0; exactly 0 where that is reached.

    With g = gcd(R, I), R = g r, I = g o the square (1 - x^2) o^2 / r^2 is least at the ends of
    where R < 0, which are roots of g or r or -1 or 1, or where o = 0 or its derivative vanishes:

        (1 - x^2) (o' r - o r') = x o r
    """
    common = common_divisor(real, imaginary)
    r, o = quotient(real, common), quotient(imaginary, common)
    if not o:
        return 0.0
    if any(_is_negative_beside(real, end) and value(r, end) for end in (-1, 1)):
        return 0.0
    if any(_is_near_negative(real, root.sign_of) for root in real_roots(o, -1, 1)):
        return 0.0
    wronskian = minus(times(derivative(o), r), times(o, derivative(r)))
    circle = polynomial([1, 0, -1])
    critical = minus(times(circle, wronskian), times(VARIABLE, times(o, r)))
    slopes = []
    for place in (critical, common):
        for root in real_roots(place, -1, 1):
            if root.sign_of(r) and _is_near_negative(real, root.sign_of):
                x = root.refined(BITS).high
                ratio = abs(float(value(o, x) / value(r, x)))
                slopes.append(sqrt(float(value(circle, x))) * ratio)
    return min(slopes)


def _derivatives(p: Polynomial) -> Iterator[Polynomial]:
    while p:
        yield p
        p = derivative(p)


def _is_near_negative(p: Polynomial, sign: Callable[[Polynomial], int]) -> bool:
    """Whether p < 0 at points as near as one likes, on either side; `sign` is the sign there."""
    for k, q in enumerate(_derivatives(p)):
        if found := sign(q):
            return found < 0 or k % 2 == 1
    return False


def _is_negative_beside(p: Polynomial, end: int) -> bool:
    """Whether p < 0 at points as near to -1 or 1 as one likes, between them."""
    for k, q in enumerate(_derivatives(p)):
        if found := value(q, end).sign:
            return (found < 0) == (end < 0 or k % 2 == 0)
    return False


def _is_surely_not_a_stable(method: LinearMultistep) -> bool:
    """Whether Re(rho conj(sigma)) is negative somewhere by more than rounding may change it."""
    (a, da), (b, db) = (
        (sum(e.value.magnitude() for e in row), sum(e.radius for e in row))
        for row in (method.alpha, method.beta)
    )
    rounding = Number.of(Fraction(a * db + b * da + da * db))
    real, _ = on_circle(method.rho, method.sigma)
    return not is_nonnegative(plus(real, (rounding,)), -1, 1)
