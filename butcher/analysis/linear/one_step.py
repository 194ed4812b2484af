"""The stability function R = P/Q of a one-step method: where |R| <= 1.

On the negative real axis |R| <= 1 where Q - P and Q + P have one sign; on the imaginary axis where

    E(y) = |Q(iy)|^2 - |P(iy)|^2 >= 0

is a polynomial in y^2. A-stable: E(y) >= 0 for all y, and no pole in the closed left half-plane
(Hairer, Wanner, Solving ODEs II, IV.3). All decided by exact signs.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import inf

from butcher.analysis.polynomials.extent import Extent, reach
from butcher.analysis.polynomials.half_plane import is_hurwitz
from butcher.analysis.polynomials.sturm import is_nonnegative
from butcher.analysis.polynomials.univariate import (
    VARIABLE,
    Polynomial,
    degree,
    in_square,
    minus,
    mirrored,
    on_imaginary_axis,
    plus,
    polynomial,
    times,
)
from butcher.coefficient import ZERO, Number


@dataclass(frozen=True)
class StabilityFunction:
    """P and Q without a common factor, Q positive for small z < 0.

    radii   for each coefficient of P what rounded decimals leave open, Q being 1. Empty where
            nothing is, None where it is not known.
    """

    P: Polynomial
    Q: Polynomial
    radii: tuple[Fraction, ...] | None

    @property
    def real_interval(self) -> Extent | None:
        """The largest x with |R| <= 1 on [-x, 0]."""
        if self.radii is None:
            return None
        P, Q, slack = mirrored(self.P), mirrored(self.Q), polynomial(self.radii)
        ends = [self._reach(minus(Q, P), slack), self._reach(plus(Q, P), slack)]
        known = [end for end in ends if end is not None]
        return min(known, key=float) if len(known) == 2 else None

    @property
    def imaginary_interval(self) -> Extent | None:
        """The largest y with |R| <= 1 on [-iy, iy]."""
        if self.radii is None:
            return None
        return self._reach(in_square(self.excess), in_square(self._slack))

    def _reach(self, p: Polynomial, slack: Polynomial) -> Extent | None:
        end = reach(minus(p, slack), plus(p, slack))
        return float(end) if self.radii and end is not None else end

    @property
    def excess(self) -> Polynomial:
        """E, a polynomial in y^2."""
        return minus(_squared(self.Q), _squared(self.P))

    @property
    def _slack(self) -> Polynomial:
        """What is left open of the coefficients of E."""
        if not self.radii:
            return ()
        sizes = [Number.of(a.magnitude()) for a in self.P]
        most = polynomial(a + radius for a, radius in zip(sizes, self.radii, strict=True))
        least = polynomial(sizes)
        return minus(times(most, most), times(least, least))[0::2]

    @property
    def is_a_stable(self) -> bool | None:
        """Whether |R| <= 1 wherever Re z <= 0. None if the digits printed do not tell."""
        if self.radii is None:
            return None
        if self.radii:
            sizes = zip(self.P[1:], self.radii[1:], strict=True)
            return False if any(abs(a) > radius for a, radius in sizes) else None
        return is_hurwitz(mirrored(self.Q)) and is_nonnegative(self.excess, 0)

    @property
    def at_infinity(self) -> Extent | None:
        """The limit of R for z to infinity."""
        if self.radii is None:
            return None
        if degree(self.P) > degree(self.Q):
            return inf
        return self.P[-1] / self.Q[-1] if degree(self.P) == degree(self.Q) else ZERO


def _squared(p: Polynomial) -> Polynomial:
    """|p(iy)|^2, a polynomial in y^2."""
    a, b = on_imaginary_axis(p)
    return plus(times(a, a), times(VARIABLE, times(b, b)))
