"""How far the negative real axis and the imaginary axis lie in the region of stability.

The region is where all roots w of p(w, z) are in the closed unit disc, those on the circle
simple. The ends are roots of polynomials, found exactly; see `critical_points`. What has one step
is simpler; see `one_step`.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce

from butcher.analysis import complex_roots
from butcher.analysis.characteristic import CharacteristicPolynomial
from butcher.analysis.critical_points import critical_points, first_failure
from butcher.analysis.extent import Extent, extent
from butcher.analysis.roots import is_simple_von_neumann
from butcher.analysis.univariate import (
    Polynomial,
    in_square,
    mirrored,
    on_imaginary_axis,
    plus,
    times,
    value,
)
from butcher.coefficient import ZERO


def real_extent(found: CharacteristicPolynomial) -> Extent:
    """The largest x with z in the region for all -x < z < 0, but for single points perhaps."""
    family = [mirrored(one) for one in found.coefficients]

    def holds(x: Fraction) -> bool:
        return is_simple_von_neumann([value(one, x) for one in family])

    return extent(first_failure(critical_points(family), holds))


def imaginary_extent(found: CharacteristicPolynomial) -> Extent:
    """The largest y with z in the region for all z on the axis between 0 and i y."""
    axis = [on_imaginary_axis(one) for one in found.coefficients]

    def holds(y: Fraction) -> bool:
        numbers = [(value(a, y * y), value(b, y * y) * y) for a, b in axis]
        return complex_roots.is_simple_von_neumann(numbers)

    points = [in_square(one) for one in critical_points(_with_conjugate(axis))]
    return extent(first_failure(points, holds))


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
