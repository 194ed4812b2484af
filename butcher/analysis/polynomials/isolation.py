"""Intervals with one real root each, by halving and Descartes' rule of signs.

A polynomial q has in (0, 1) as many roots as (x+1)^n q(1/(x+1)) has positive ones: none if its
coefficients do not change their sign, one if they do once (Collins and Akritas 1976; Rouillier and
Zimmermann 2004). Only sums of coefficients and their signs are taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import TypeVar

from butcher.coefficient import Number
from butcher.coefficient.budget import spend

Exact = TypeVar("Exact", int, Number)

Interval = tuple[Fraction, Fraction]
"""(low, high]: one root in it; low = high where that is the root."""


def isolated(p: Sequence[Number], bound: int) -> list[Interval]:
    """The real roots of a polynomial without multiple ones, in order.

    bound   a power of two that none of them reaches in absolute value.
    """
    if all(a.is_rational for a in p):
        return _isolated(whole_numbers(p), bound)
    common = lcm(*(a.denominator for a in p))
    return _isolated([a * common for a in p], bound)


def whole_numbers(p: Sequence[Number]) -> list[int]:
    """Rational coefficients, times what makes them integers."""
    common = lcm(*(a.denominator for a in p))
    return [a.terms[0][1] * (common // a.denominator) if a else 0 for a in p]


def _isolated(p: list[Exact], bound: int) -> list[Interval]:
    rest = p if p[0] else p[1:]
    found = _positive(rest, bound)
    if rest is not p:
        found.append((Fraction(0), Fraction(0)))
    mirrored = [-a if k % 2 else a for k, a in enumerate(rest)]
    found += [(-high, -low) for low, high in _positive(mirrored, bound)]
    return [_half_open(p, *one) for one in sorted(found)]


def _half_open(p: list[Exact], low: Fraction, high: Fraction) -> Interval:
    """(low, high] for the one root between them, where high may be another root."""
    if low == high or homogeneous(p, high):
        return low, high
    start = homogeneous(p, low) or homogeneous([a * k for k, a in enumerate(p)][1:], low)
    while True:
        middle = (low + high) / 2
        found = homogeneous(p, middle)
        if not found:
            return middle, middle
        if _sign(found) != _sign(start):
            return low, middle
        low = middle


def homogeneous(p: Sequence[Exact], x: Fraction) -> Exact:
    """p(x) times the power of the denominator of x that makes it whole, of integers an integer."""
    spend(len(p) // 4, x.denominator.bit_length())
    found, scale = p[-1], 1
    for a in p[-2::-1]:
        scale *= x.denominator
        found = found * x.numerator + a * scale
    return found


def _positive(p: list[Exact], bound: int) -> list[Interval]:
    scale = 1
    scaled: list[Exact] = []
    for a in p:
        scaled.append(a * scale)
        scale *= bound
    waiting = [(scaled, 0, 0)]
    found: list[Interval] = []
    while waiting:
        q, place, depth = waiting.pop()
        width = Fraction(bound, 1 << depth)
        spend(len(q) * len(q) // 8, _bits(q))
        most = changes(map(_sign, _shifted(q[::-1])))
        if most == 1:
            found.append((place * width, (place + 1) * width))
        if most < 2:
            continue
        left = [a * (1 << (len(q) - 1 - k)) for k, a in enumerate(q)]
        right = _shifted(left)
        if not right[0]:
            middle = (2 * place + 1) * width / 2
            found.append((middle, middle))
            right = right[1:]
        waiting += [(left, 2 * place, depth + 1), (right, 2 * place + 1, depth + 1)]
    return found


def _shifted(p: Sequence[Exact]) -> list[Exact]:
    """p(x + 1)."""
    found = list(p)
    for start in range(len(found) - 1):
        for k in range(len(found) - 2, start - 1, -1):
            found[k] = found[k] + found[k + 1]
    return found


def changes(signs: Iterable[int]) -> int:
    """Of sign, zeros left out."""
    return sum(a != b for a, b in pairwise(sign for sign in signs if sign))


def _sign(a: Exact) -> int:
    return a.sign if isinstance(a, Number) else (a > 0) - (a < 0)


def _bits(p: Sequence[int | Number]) -> int:
    """Of the longest; numbers with roots pay for themselves."""
    return max((a.bit_length() for a in p if isinstance(a, int)), default=0)
