"""The boundary locus of a linear multistep method: where a root of rho(w) - z sigma(w) has
modulus 1,

    z(theta) = rho(exp(i theta)) / sigma(exp(i theta))      0 <= theta <= 2 pi

(z = h lambda, or h^2 lambda for u'' = lambda u). The stability region is bounded by parts of it
(Hairer, Wanner, Solving ODEs II, V.1).
"""

from __future__ import annotations

import cmath
from collections.abc import Sequence
from itertools import pairwise
from math import inf, nan, pi

from butcher.analysis.multistep import LinearMultistep
from butcher.analysis.univariate import complex_value

BREAK = complex(nan, nan)
"""Stands where the curve has a pole."""

FARTHEST = 1e8
HALVINGS = 7
SMOOTH = 0.99
"""The cosine of the angle between two chords above which the curve is drawn finely enough."""


def boundary_locus(method: LinearMultistep, samples: int = 400) -> tuple[complex, ...]:
    """Points of the curve in its order, closed, in double precision; BREAK at a pole.

    `samples` angles at equal distances, and more between two where the curve turns: halved up to
    seven times, as near a cusp.
    """
    rho, sigma = ([float(a) for a in p] for p in (method.rho, method.sigma))
    angles = [2 * pi * k / samples for k in range(samples + 1)]
    points = [_at(rho, sigma, angle) for angle in angles]
    found = points[:1]
    for left, right in pairwise(zip(angles, points, strict=True)):
        found += _between(rho, sigma, left, right, HALVINGS)
        found.append(right[1])
    return tuple(found)


Factors = Sequence[float]
Sample = tuple[float, complex]


def _at(rho: Factors, sigma: Factors, angle: float) -> complex:
    w = cmath.rect(1, angle)
    below = complex_value(sigma, w)
    z = complex_value(rho, w) / below if below else complex(inf, 0)
    return z if max(abs(z.real), abs(z.imag)) < FARTHEST else BREAK


def _between(
    rho: Factors, sigma: Factors, left: Sample, right: Sample, halvings: int
) -> list[complex]:
    """What is to be drawn between two points: nothing where the curve goes straight on."""
    angle = (left[0] + right[0]) / 2
    middle = (angle, _at(rho, sigma, angle))
    first, second = middle[1] - left[1], right[1] - middle[1]
    turn = (first.conjugate() * second).real
    if not halvings or turn >= SMOOTH * abs(first) * abs(second):
        return []
    return [
        *_between(rho, sigma, left, middle, halvings - 1),
        middle[1],
        *_between(rho, sigma, middle, right, halvings - 1),
    ]
