"""Products of polynomials on the unit circle, as polynomials in the cosine.

    p(w) conj(q(w)) = R(x) + i sin(theta) I(x)      w = exp(i theta), x = cos theta

    R = sum_m c_m T_m      I = sum_m d_m U_{m-1}
    c_m = sum_j p_{j+m} q_j + p_j q_{j+m}      d_m = sum_j p_{j+m} q_j - p_j q_{j+m}

(c_0 = sum_j p_j q_j), with Chebyshev's polynomials. So what holds all around the circle is
decided for x in [-1, 1], by Sturm.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from butcher.analysis.polynomials.sturm import is_nonnegative, real_roots
from butcher.analysis.polynomials.univariate import (
    UNIT,
    VARIABLE,
    Polynomial,
    minus,
    plus,
    polynomial,
    scaled,
    times,
    value,
)
from butcher.coefficient import ZERO


def on_circle(p: Polynomial, q: Polynomial) -> tuple[Polynomial, Polynomial]:
    """(R, I)."""
    real: Polynomial = ()
    imaginary: Polynomial = ()
    size = max(len(p), len(q))
    first, second = list(p) + [ZERO] * (size - len(p)), list(q) + [ZERO] * (size - len(q))
    chebyshev = pairwise(_chebyshev())
    for m in range(size):
        # U_m = 2 x U_{m-1} - U_{m-2}, and T_m = U_m - x U_{m-1}
        below, upper = next(chebyshev)
        ahead = sum((a * b for a, b in zip(first[m:], second, strict=False)), ZERO)
        behind = sum((a * b for a, b in zip(first, second[m:], strict=False)), ZERO)
        cosine = minus(upper, times(VARIABLE, below))
        real = plus(real, scaled(cosine, ahead + behind if m else ahead))
        imaginary = plus(imaginary, scaled(below, ahead - behind))
    return real, imaginary


def _chebyshev() -> Iterator[Polynomial]:
    """U_{-1} = 0, U_0 = 1, U_1 = 2x, ..."""
    before: Polynomial = ()
    found = UNIT
    while True:
        yield before
        before, found = found, minus(scaled(times(VARIABLE, found), 2), before)


def smaller_than_on_circle(radius: Fraction, p: Polynomial) -> bool:
    """Whether radius < |p(w)| wherever |w| = 1."""
    square, _ = on_circle(p, p)
    left = minus(square, polynomial([radius * radius]))
    ends = (value(left, -1).sign, value(left, 1).sign)
    return min(ends) > 0 and is_nonnegative(left, -1, 1) and not real_roots(left, -1, 1)
