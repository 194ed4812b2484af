"""Roots that are rational, or quadratic surds over the rationals, in closed form.

With a the leading coefficient of a polynomial of integers, a x is an integer for a rational root
x; and a (x + y), a x y are for the two roots of a quadratic factor. So a root is known to enough
bits, the integers are read off, and whether they are right is found out by division.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from butcher.analysis.polynomials.univariate import Polynomial, divided, polynomial, value
from butcher.coefficient import Number

LONGEST_LEAD = 256
"""Bits of a leading coefficient that is tried."""

Interval = tuple[Fraction, Fraction]


def closed_forms(
    p: Polynomial, intervals: Sequence[Interval], near: Callable[[int, int], Fraction]
) -> tuple[Number | None, ...]:
    """Of all real roots of p: squarefree, primitive, not constant.

    None also for numbers too long to try, and mostly where p itself has surds.

    intervals   (low, high] with one root each, low = high where that is the root.
    near        root k to so many bits.
    """
    if len(p) == 2:
        return (-p[0] / p[1],)
    forms: list[Number | None] = [
        Number.of(low) if low == high else None for low, high in intervals
    ]
    if len(p) == 3:
        return tuple(_first(_of_quadratic(p), one) for one in intervals)
    if any(not a.is_rational for a in p):
        return tuple(forms)
    lead = abs(p[-1].terms[0][1])
    if lead.bit_length() > LONGEST_LEAD:
        return tuple(forms)
    size = max(abs(end) for one in intervals for end in one) if intervals else Fraction(0)
    bits = 2 * lead.bit_length() + int(size).bit_length() + 8
    close = [near(k, bits) for k in range(len(intervals))]
    for k, x in enumerate(close):
        if forms[k] is None:
            forms[k] = _first(_rational(p, x, lead), intervals[k])
    unknown = [k for k, form in enumerate(forms) if form is None]
    for k in unknown:
        for other in unknown:
            if other > k and forms[k] is None and forms[other] is None:
                found = _quadratic(p, close[k], close[other], lead)
                forms[k], forms[other] = (_first(found, intervals[i]) for i in (k, other))
    return tuple(forms)


def _first(found: Sequence[Number], interval: Interval) -> Number | None:
    """The one in the interval."""
    low, high = interval
    return next((x for x in found if (low < x and not x > high) or x == high), None)


def _rational(p: Polynomial, x: Fraction, lead: int) -> list[Number]:
    candidate = Number.of(Fraction(round(x * lead), lead))
    return [] if value(p, candidate) else [candidate]


def _quadratic(p: Polynomial, x: Fraction, y: Fraction, lead: int) -> list[Number]:
    total, product = (x + y) * lead, x * y * lead
    if abs(total - round(total)) * 8 > 1 or abs(product - round(product)) * 8 > 1:
        return []
    factor = polynomial([round(product), -round(total), lead])
    return [] if divided(p, factor)[1] else _of_quadratic(factor)


def _of_quadratic(p: Polynomial) -> list[Number]:
    """Its roots, if its discriminant is rational and not too long."""
    c, b, a = p
    discriminant = b * b - a * c * 4
    if not discriminant.is_rational:
        return []
    try:
        root = Number.sqrt(discriminant.fraction)
    except ValueError:
        return []
    return [(root - b) / (a * 2), (-root - b) / (a * 2)]
