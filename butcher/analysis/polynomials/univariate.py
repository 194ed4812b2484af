"""Polynomials in one variable with exact coefficients.

A polynomial is a tuple of its coefficients, constant term first, the last one not zero; zero is
the empty tuple. `sturm` counts and finds their real roots; `roots` places roots by the unit circle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import zip_longest
from math import gcd, lcm

from butcher.analysis.polynomials.modular import are_surely_coprime
from butcher.coefficient import ONE, ZERO, Number

Polynomial = tuple[Number, ...]

UNIT: Polynomial = (ONE,)
VARIABLE: Polynomial = (ZERO, ONE)


def polynomial(factors: Iterable[Number | int | Fraction]) -> Polynomial:
    """From coefficients, constant term first; zeros at the end are dropped."""
    found = [Number.of(factor) for factor in factors]
    while found and not found[-1]:
        found.pop()
    return tuple(found)


def degree(p: Polynomial) -> int:
    """-1 for zero."""
    return len(p) - 1


# ---------------------------------------------------------------------- arithmetic


def plus(p: Polynomial, q: Polynomial) -> Polynomial:
    return polynomial(a + b for a, b in zip_longest(p, q, fillvalue=ZERO))


def minus(p: Polynomial, q: Polynomial) -> Polynomial:
    return polynomial(a - b for a, b in zip_longest(p, q, fillvalue=ZERO))


def times(p: Polynomial, q: Polynomial) -> Polynomial:
    if not p or not q:
        return ()
    found = [ZERO] * (len(p) + len(q) - 1)
    for i, a in enumerate(p):
        for j, b in enumerate(q) if a else ():
            found[i + j] = found[i + j] + a * b
    return tuple(found)


def scaled(p: Polynomial, factor: Number | int | Fraction) -> Polynomial:
    return tuple(a * factor for a in p) if factor else ()


def power(p: Polynomial, exponent: int) -> Polynomial:
    found = UNIT
    for _ in range(exponent):
        found = times(found, p)
    return found


def derivative(p: Polynomial) -> Polynomial:
    return tuple(a * k for k, a in enumerate(p) if k)


def value(p: Sequence[Number], x: Number | int | Fraction) -> Number:
    """p(x), exact."""
    x, found = Number.of(x), ZERO
    for a in reversed(p):
        found = found * x + a
    return found


def complex_value(p: Sequence[Number | float], z: complex) -> complex:
    """p(z), in double precision."""
    found = 0j
    for a in reversed(p):
        found = found * z + float(a)
    return found


def mirrored(p: Polynomial) -> Polynomial:
    """p(-x)."""
    return tuple(-a if k % 2 else a for k, a in enumerate(p))


def in_square(p: Polynomial) -> Polynomial:
    """p(x^2)."""
    return tuple(one for a in p for one in (a, ZERO))[:-1]


def parts(p: Polynomial) -> tuple[Polynomial, Polynomial]:
    """(e, o) with p(x) = e(x^2) + x o(x^2)."""
    return polynomial(p[0::2]), polynomial(p[1::2])


def on_imaginary_axis(p: Polynomial) -> tuple[Polynomial, Polynomial]:
    """(a, b) with p(iy) = a(y^2) + i y b(y^2)."""
    even, odd = parts(p)
    return mirrored(even), mirrored(odd)


# ---------------------------------------------------------------------- division


def divided(p: Polynomial, q: Polynomial) -> tuple[Polynomial, Polynomial]:
    """(quotient, remainder). ZeroDivisionError where q is zero."""
    if not q:
        raise ZeroDivisionError("division by the polynomial zero")
    if len(p) < len(q):
        return (), p
    inverse, rest = q[-1].inverse(), list(p)
    quotient = [ZERO] * (len(p) - len(q) + 1)
    for shift in range(len(quotient) - 1, -1, -1):
        factor = quotient[shift] = rest.pop() * inverse
        for k, a in enumerate(q[:-1]) if factor else ():
            rest[shift + k] = rest[shift + k] - factor * a
    return polynomial(quotient), polynomial(rest)


def monic(p: Polynomial) -> Polynomial:
    """Divided by its leading coefficient."""
    return scaled(p, p[-1].inverse()) if p and p[-1] != ONE else p


def primitive(p: Polynomial) -> Polynomial:
    """p times a positive number that keeps the coefficients short: integers without a common
    divisor if they are rational, else a leading coefficient of 1 or -1."""
    if not p:
        return p
    if any(not a.is_rational for a in p):
        return scaled(p, abs(p[-1]).inverse())
    below = lcm(*(a.denominator for a in p))
    above = gcd(*(a.terms[0][1] * (below // a.denominator) for a in p if a))
    return scaled(p, Fraction(below, above))


def common_divisor(p: Polynomial, q: Polynomial) -> Polynomial:
    """The greatest one, monic; zero if both are zero."""
    if p and q and are_surely_coprime(p, q):
        return UNIT
    while q:
        p, q = q, primitive(divided(p, q)[1])
    return monic(p)


def quotient(p: Polynomial, q: Polynomial) -> Polynomial:
    """p / q, which leaves no remainder."""
    found, rest = divided(p, q)
    assert not rest
    return found


def squarefree_part(p: Polynomial) -> Polynomial:
    """The polynomial with the same roots, all simple."""
    return quotient(p, common_divisor(p, derivative(p))) if p else p


def squarefree_factors(p: Polynomial) -> tuple[Polynomial, ...]:
    """f1, f2, ... with p = f1 f2^2 f3^3 ... but for a number; each squarefree, monic, coprime to
    the others (Yun 1976).
    """
    if len(p) < 2:
        return ()
    repeated = common_divisor(p, derivative(p))
    left, rest = quotient(p, repeated), quotient(derivative(p), repeated)
    found = []
    while len(left) > 1:
        rest = minus(rest, derivative(left))
        factor = common_divisor(left, rest)
        found.append(factor)
        left, rest = quotient(left, factor), quotient(rest, factor)
    return tuple(found)


# ---------------------------------------------------------------------- from values


def interpolated(function: Callable[[int], Number], size: int) -> Polynomial:
    """The polynomial of at most `size` coefficients with these values at 0, 1, -1, 2, -2, ...

    Newton's divided differences.
    """
    nodes = [(k + 1) // 2 * (1 if k % 2 else -1) for k in range(size)]
    slopes = [function(node) for node in nodes]
    for step in range(1, size):
        for k in range(size - 1, step - 1, -1):
            distance = Fraction(1, nodes[k] - nodes[k - step])
            slopes[k] = (slopes[k] - slopes[k - 1]) * distance
    found: Polynomial = ()
    for node, slope in zip(reversed(nodes), reversed(slopes), strict=True):
        found = plus(times(found, polynomial([-node, 1])), polynomial([slope]))
    return found
