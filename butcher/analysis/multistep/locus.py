"""The boundary locus of a linear multistep method: where a root of rho(w) - z sigma(w) has
modulus 1,

    z(theta) = rho(exp(i theta)) / sigma(exp(i theta))      0 <= theta <= pi

(z = h lambda, or h^2 lambda for u'' = lambda u), and its mirror image. The stability region is
bounded by parts of it (Hairer, Wanner, Solving ODEs II, V.1).
"""

from __future__ import annotations

import cmath
from math import pi

from butcher.analysis.multistep.method import LinearMultistep
from butcher.analysis.polynomials.univariate import complex_value

POINTS = 64

POLE = 1e-12
"""|sigma| over the sum of |beta_j|, below which it is what rounding leaves of zero."""


def boundary_locus(method: LinearMultistep) -> tuple[complex | None, ...]:
    """At theta = k pi/63, k = 0, ..., 63, in double precision; None at a pole."""
    rho, sigma = ([float(a) for a in p] for p in (method.rho, method.sigma))
    least = POLE * sum(map(abs, sigma))

    def at(w: complex) -> complex | None:
        below = complex_value(sigma, w)
        if max(abs(below.real), abs(below.imag)) <= least:
            return None
        z = complex_value(rho, w) / below
        return z if cmath.isfinite(z) else None

    return tuple(at(cmath.rect(1, pi * k / (POINTS - 1))) for k in range(POINTS))
