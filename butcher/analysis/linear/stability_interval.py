"""How far the negative real axis and the imaginary axis lie in the region of stability.

The region is where all roots w of p(w, z) are in the closed unit disc, those on the circle
simple. The ends are roots of polynomials, found exactly; see `critical_points`. What has one step
is simpler; see `one_step`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import reduce
from itertools import islice

from butcher.analysis.linear.characteristic import CharacteristicPolynomial
from butcher.analysis.polynomials import complex_roots
from butcher.analysis.polynomials.critical_points import at, between, critical_points
from butcher.analysis.polynomials.extent import Extent, extent
from butcher.analysis.polynomials.roots import is_simple_von_neumann
from butcher.analysis.polynomials.sturm import ORIGIN, RealRoot, positive_roots
from butcher.analysis.polynomials.univariate import (
    UNIT,
    VARIABLE,
    Polynomial,
    in_square,
    mirrored,
    on_imaginary_axis,
    plus,
    squarefree_part,
    times,
    value,
)


def real_extent(found: CharacteristicPolynomial) -> Extent:
    """The largest x with z in the region for all -x < z < 0, but for single points perhaps."""
    family = [mirrored(one) for one in found.coefficients]

    def holds(x: Fraction) -> bool:
        return is_simple_von_neumann(at(family, x))

    return extent(_first_failure(critical_points(family), holds))


def imaginary_extent(found: CharacteristicPolynomial) -> Extent:
    """The largest y with z in the region for all z on the axis between 0 and i y."""
    axis = [on_imaginary_axis(one) for one in found.coefficients]

    def holds(y: Fraction) -> bool:
        numbers = [(value(a, y * y), value(b, y * y) * y) for a, b in axis]
        return complex_roots.is_simple_von_neumann(numbers)

    points = [in_square(one) for one in critical_points(_with_conjugate(axis))]
    return extent(_first_failure(points, holds))


def _first_failure(
    critical: Iterable[Polynomial], holds: Callable[[Fraction], bool]
) -> RealRoot | None:
    """The smallest t >= 0 such that the condition fails right after it; None if there is none.

    critical   polynomials in t: it changes where one of them is zero, if at all.
    holds      the condition, at a t where none of them is zero.
    """
    places = [ORIGIN, *positive_roots(reduce(times, map(squarefree_part, critical), UNIT))]
    after = islice(between(places), 1, None)
    return next((place for place, t in zip(places, after, strict=True) if not holds(t)), None)


def _with_conjugate(axis: Sequence[tuple[Polynomial, Polynomial]]) -> list[Polynomial]:
    """p(w, iy) p(w, -iy), or p(w, iy) itself if that is real: coefficients are polynomials in y^2.

    Of p(w, iy) = sum_k (a_k + i y b_k) w^k it is (sum a_k w^k)^2 + y^2 (sum b_k w^k)^2.
    """
    real = [a for a, _ in axis]
    imaginary = [b for _, b in axis]
    if not any(imaginary):
        return real
    squares = zip(_convolved(real), _convolved(imaginary), strict=True)
    return [plus(a, times(VARIABLE, b)) for a, b in squares]


def _convolved(p: Sequence[Polynomial]) -> list[Polynomial]:
    size = range(2 * len(p) - 1)
    return [
        reduce(plus, (times(p[i], p[k - i]) for i in range(len(p)) if 0 <= k - i < len(p)))
        for k in size
    ]
