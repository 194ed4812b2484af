"""Where a family of polynomials p(w, t) can begin or cease to obey the root condition.

All roots w in the closed unit disc, those on the circle simple, or of a given multiplicity. On
the way a root can reach or leave the circle only

    through w = 1 or w = -1,
    where p and its mirror image p*(w) = w^n p(1/w) have more roots in common than elsewhere,
    from infinity, where the leading coefficient vanishes,
    where two roots meet, if some stay on the circle or mirror each other for all t.

Each is the vanishing of a polynomial in t. Between two such t nothing changes, so one exact test
(Miller 1971) at a rational t between them decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import reduce
from itertools import pairwise

from butcher.analysis.polynomials.sturm import RealRoot
from butcher.analysis.polynomials.subresultant import Pair, first_subresultant
from butcher.analysis.polynomials.univariate import (
    Polynomial,
    degree,
    derivative,
    minus,
    plus,
    value,
)
from butcher.coefficient import ZERO, Number

Family = Sequence[Polynomial]
"""Coefficients of w^0, w^1, ..., each a polynomial in t."""


def at(family: Family, t: Number | Fraction | int) -> tuple[Number, ...]:
    """The coefficients of the polynomial in w at one value of t."""
    return tuple(value(a, t) for a in family)


def between(places: Sequence[RealRoot]) -> Iterator[Fraction]:
    """A number below the first, one between each two, one above the last."""
    if not places:
        yield Fraction(0)
        return
    yield places[0].low - 1
    for left, right in pairwise(places):
        while not left.high < right.low:
            left, right = left.halved(), right.halved()
        yield (left.high + right.low) / 2
    yield places[-1].high + 1


def critical_points(family: Family) -> Iterator[Polynomial]:
    """Polynomials in t, none of them zero: where the condition begins or ends, one vanishes."""
    n, growth = len(family) - 1, max(map(degree, family))
    yield family[-1]
    ends = [reduce(plus, family), reduce(plus, _alternating(family))]
    yield from (end for end in ends if end)

    def mirrored(t: int) -> Pair:
        return _mirrored_parts(at(family, t))

    def sloped(t: int) -> Pair:
        p = at(family, t)
        return p, derivative(p)

    half = (n + 1) // 2
    common = half
    if any(minus(a, b) for a, b in zip(family, reversed(family), strict=True)):
        common, found = first_subresultant(mirrored, (half, half - 1), growth)
        yield found
    if common or not all(ends):
        yield first_subresultant(sloped, (n, n - 1), growth)[1]


def _alternating(family: Family) -> list[Polynomial]:
    return [minus((), one) if k % 2 else one for k, one in enumerate(family)]


def _mirrored_parts(p: tuple[Number, ...]) -> Pair:
    """a and b, polynomials in x = w + 1/w, of p + p* = w^d a(x) and p - p* = w^d (w - 1/w) b(x).

    The degree of p is 2d; if it is odd, w p is taken for p.
    """
    if len(p) % 2 == 0:
        p = (ZERO, *p)
    d = len(p) // 2
    even: Polynomial = (p[d] * 2,)
    odd: Polynomial = ()
    # w^k + w^-k and (w^k - w^-k) / (w - 1/w), by three-term recurrences in x
    cosines: list[Polynomial] = [(Number.of(2),), (ZERO, Number.of(1))]
    sines: list[Polynomial] = [(), (Number.of(1),)]
    for k in range(1, d + 1):
        above, below = p[d + k], p[d - k]
        even = plus(even, tuple((above + below) * one for one in cosines[1]))
        odd = plus(odd, tuple((above - below) * one for one in sines[1]))
        for pair in (cosines, sines):
            pair[:] = [pair[1], minus((ZERO, *pair[1]), pair[0])]
    return _padded(even, d), _padded(odd, d - 1)


def _padded(p: Polynomial, size: int) -> Polynomial:
    return p + (ZERO,) * (size + 1 - len(p))
