"""Where the roots of a polynomial lie, decided exactly: the root condition of multistep methods.

A polynomial is a tuple of its coefficients, constant term first. It is

    Schur                   if all roots lie inside the unit circle,
    simple von Neumann      if they lie inside or on it, those on it simple;

and for u'' = f(u) those on the circle may be double. All of it is decided by Schur's reduction to
a polynomial of lower degree (Miller, On the location of zeros of certain classes of polynomials,
J. Inst. Math. Appl. 8 (1971) 397-406):

    p*(z) = z^d p(1/z)      p1(z) = (p*(0) p(z) - p(0) p*(z)) / z

No root is computed, and nothing is rounded: only signs of exact numbers are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm
from typing import Protocol, Self, TypeVar

from butcher.analysis.limits import TooLargeError
from butcher.coefficient import ONE, Number


class Real(Protocol):
    """What is asked of a coefficient: a `Number`, or an `Algebraic` one."""

    def __add__(self, other: Self, /) -> Self: ...
    def __sub__(self, other: Self, /) -> Self: ...
    def __mul__(self, other: Self | int, /) -> Self: ...
    def __abs__(self) -> Self: ...
    def __lt__(self, other: Self, /) -> bool: ...
    def __bool__(self) -> bool: ...
    def inverse(self) -> Self: ...


R = TypeVar("R", bound=Real)

LARGEST_SIZE = 12_000
"""Bits of the coefficients over their common denominator, times the degree of the polynomial and
that of the field: a second."""


def is_von_neumann(polynomial: Sequence[R], multiplicity: int) -> bool:
    """Whether |z| <= 1 for every root z, and roots with |z| = 1 are at most that often one."""
    p = _start(polynomial)
    while len(p) > 1:
        if abs(p[0]) < p[-1]:
            p = _reduced(p)
            continue
        # |p(0)| >= |p*(0)|, the product of the roots is not smaller than 1: either all of them
        # lie on the circle, or one lies outside. In the first case those of the derivative lie
        # in the disc, and on the circle where p has multiple roots (Cohn 1922).
        if not multiplicity or any(_difference(p)):
            return False
        p, multiplicity = _monic(_derivative(p)), multiplicity - 1
    return True


def is_simple_von_neumann(polynomial: Sequence[R]) -> bool:
    """Whether |z| <= 1 for every root z, and roots with |z| = 1 are simple."""
    return is_von_neumann(polynomial, 1)


def is_schur(polynomial: Sequence[R]) -> bool:
    """Whether |z| < 1 for every root z."""
    return is_von_neumann(polynomial, 0)


def _derivative(p: Sequence[R]) -> tuple[R, ...]:
    return tuple(factor * power for power, factor in enumerate(p) if power)


def _start(polynomial: Sequence[R]) -> tuple[R, ...]:
    """Without leading zeros and without roots at 0, divided by the leading coefficient."""
    p = list(polynomial)
    while p and not p[-1]:
        p.pop()
    if not p:
        raise ValueError("every number is a root of zero")
    if _size([factor for factor in p if isinstance(factor, Number)]) > LARGEST_SIZE:
        raise TooLargeError(f"the roots of a polynomial of degree {len(p) - 1}")
    return _monic(p)


def _size(p: Sequence[Number]) -> int:
    if not p:
        return 0
    bits = max(abs(n).bit_length() for factor in p for _, n in factor.terms)
    common = 1
    for factor in p:
        common = lcm(common, factor.denominator)
        if common.bit_length() > LARGEST_SIZE:
            break
    roots = {radicand for factor in p for radicand in factor.radicands}
    return (bits + common.bit_length()) * len(p) << len(roots)


def _monic(p: Sequence[R]) -> tuple[R, ...]:
    """Divided by the leading coefficient, and by powers of z."""
    first = next(i for i, factor in enumerate(p) if factor)
    if p[-1] == ONE:
        return tuple(p[first:])
    inverse = p[-1].inverse()
    return tuple(factor * inverse for factor in p[first:])


def _difference(p: Sequence[R]) -> list[R]:
    """p*(0) p(z) - p(0) p*(z), for real coefficients; its constant term is zero."""
    return [p[-1] * a - p[0] * b for a, b in zip(p, reversed(p), strict=True)]


def _reduced(p: Sequence[R]) -> tuple[R, ...]:
    """p1; monic, so that the numbers do not grow with the power of two of the degree.

    Its leading coefficient is p*(0)^2 - p(0)^2, not zero where |p(0)| < |p*(0)|.
    """
    return _monic(_difference(p)[1:])
