"""The boundary locus of a linear multistep method: where a root of rho(w) - z sigma(w) has
modulus 1,

    z(theta) = rho(exp(i theta)) / sigma(exp(i theta))      0 <= theta <= pi

(z = h lambda, or h^2 lambda for u'' = lambda u), and its mirror image. The stability region is
bounded by parts of it (Hairer, Wanner, Solving ODEs II, V.1).
"""

from __future__ import annotations

import cmath
from math import pi

from butcher.analysis.entry import total
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

    between = (at(cmath.rect(1, pi * k / (POINTS - 1))) for k in range(1, POINTS - 1))
    return _real(method, 1), *between, _real(method, -1)


def _real(method: LinearMultistep, w: int) -> complex | None:
    """rho(w)/sigma(w) at 1 or -1, where nothing is lost: it is 0 at 1 wherever rho(1) is."""
    above, below = (
        total(one.times(w**j) for j, one in enumerate(row)) for row in (method.alpha, method.beta)
    )
    if below.may_be(0):
        return None
    if above.may_be(0):
        return 0j
    z = complex(float(above.value / below.value))
    return z if cmath.isfinite(z) else None
