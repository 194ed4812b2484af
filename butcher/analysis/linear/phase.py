"""How well the root that stands for the solution follows exp(z): order, dispersion, dissipation.

With w(z) the root that is 1 at z = 0 (of a one-step method R(z) itself),

    log w(z) - z = sum_k d_k z^k

begins with d_{p+1}, so exp(z) - w(z) = -d_{p+1} z^{p+1} + .... At z = iy odd k turn the phase and
even k change the size (van der Houwen and Sommeijer, SIAM J. Numer. Anal. 24 (1987) 595-617):

    y - arg w(iy) = O(y^{q+1}), dispersion of order q      1 - |w(iy)| = O(y^{r+1}), dissipation r
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb, factorial, inf

from butcher.analysis.entry import Entry
from butcher.analysis.linear.characteristic import CharacteristicPolynomial
from butcher.analysis.linear.linear_response import meant_order
from butcher.analysis.polynomials.shared_digits import known
from butcher.analysis.polynomials.univariate import (
    Polynomial,
    derivative,
    minus,
    mirrored,
    plus,
    polynomial,
    scaled,
    times,
)
from butcher.coefficient import ONE, ZERO, Number

TERMS = 20
"""Of the series of a root that is no rational function."""


@dataclass(frozen=True)
class Leading:
    """constant y^(order+1), the first term of an error. The constant is exact, or a float to the
    digits that rounded decimals give, None for less than three. Of no error at all the order is
    infinite, the constant 0."""

    order: int | float
    constant: Number | float | None


@dataclass(frozen=True)
class Phase:
    """Each None where rounded decimals leave it open, or the series is not known far enough.

    error         of exp(z) - w(z), in powers of z.
    dispersion    of y - arg w(iy).
    dissipation   of 1 - |w(iy)|.
    """

    error: Leading | None
    dispersion: Leading | None
    dissipation: Leading | None


def phase(found: CharacteristicPolynomial) -> Phase:
    terms = _logarithm_terms(found)
    if terms is None:
        return Phase(None, None, None)
    return Phase(
        _leading(terms, 1, 1),
        _leading(terms, 1, 2),
        Leading(inf, ZERO) if _is_symmetric(found) else _leading(terms, 2, 2),
    )


def _leading(terms: Sequence[Entry], start: int, step: int) -> Leading | None:
    """Of -sum d_k i^k y^k without the factor i of odd k, k = start, start + step, ...

    With step 1 it is in powers of z, so without powers of i.
    """
    for k in range(start, len(terms), step):
        one = terms[k]
        if one.value and not one.may_be(0):
            sign = -1 if step == 1 or k // 2 % 2 == 0 else 1
            return Leading(k - 1, known(one.times(sign)))
        if one.radius:
            break
    return None


def _is_symmetric(found: CharacteristicPolynomial) -> bool:
    """Whether p(w, z) = +-w^n p(1/w, -z): then 1/conj(w) is a root at iy wherever w is, and the
    one next to exp(iy) is on the circle. With R it means R(z) R(-z) = 1."""
    p = found.coefficients
    images = [mirrored(one) for one in reversed(p)]
    return any(
        not any(minus(a, scaled(b, sign)) for a, b in zip(p, images, strict=True))
        for sign in (1, -1)
    )


# ---------------------------------------------------------------------- the series


def _logarithm_terms(found: CharacteristicPolynomial) -> list[Entry] | None:
    """d_0, d_1, ...; None where no root is 1 at z = 0, or too little is known of it."""
    if found.is_exact:
        series = _rational(found) if found.is_one_step else _algebraic(found)
        if series is None or series[0] != ONE:
            return None
        terms = _logarithm(series)
        return [Entry(d - 1 if k == 1 else d) for k, d in enumerate(terms)]
    return _rounded(found.coefficients[0], found.radii) if found.radii else None


def _rational(found: CharacteristicPolynomial) -> list[Number] | None:
    """Of R = P/Q, so far that both kinds of terms occur: log R(z) - z is no even function unless
    R(z) = R(-z) exp(2z), with which a rational function agrees no further than that."""
    P, Q = scaled(found.coefficients[0], -1), found.coefficients[1]
    return _quotient(P, Q, 2 * (len(P) + len(Q))) if P and Q[0] else None


def _algebraic(found: CharacteristicPolynomial) -> list[Number] | None:
    """w = 1 + z v with p(1 + z v, z) = 0, by Newton's iteration on power series.

    For an oscillator two roots are 1 at z = 0; v(0) = 1 is the one that exp(z) is for.
    """
    p, multiplicity = found.coefficients, 2 if found.is_oscillator else 1
    f: list[Polynomial] = []
    for k in range(len(p)):
        around: Polynomial = ()
        for j in range(k, len(p)):
            around = plus(around, scaled(p[j], comb(j, k)))
        shifted = (ZERO,) * k + around
        if any(shifted[:multiplicity]):
            return None
        f.append(polynomial(shifted[multiplicity:]))
    slope = [scaled(one, k) for k, one in enumerate(f)][1:]
    v: Polynomial = (ONE,)
    if any(_at(f, v, 1)) or not any(_at(slope, v, 1)):
        return None
    size = 1
    while size < TERMS:
        size *= 2
        v = minus(v, tuple(_quotient(_at(f, v, size), _at(slope, v, size), size)))[:size]
    return [ONE, *v, *[ZERO] * (size - len(v))][:TERMS]


def _at(f: Sequence[Polynomial], v: Polynomial, size: int) -> Polynomial:
    """sum_k f_k v^k, so many terms of the series."""
    found: Polynomial = ()
    for one in reversed(f):
        found = plus(times(found, v), one)[:size]
    return polynomial(found)


def _quotient(p: Sequence[Number], q: Sequence[Number], size: int) -> list[Number]:
    """p / q as a power series of so many terms; q(0) is not zero."""
    inverse = q[0].inverse()
    found: list[Number] = []
    for n in range(size):
        rest = p[n] if n < len(p) else ZERO
        for k in range(1, min(n + 1, len(q))):
            rest = rest - q[k] * found[n - k]
        found.append(rest * inverse)
    return found


def _logarithm(series: Sequence[Number]) -> list[Number]:
    """Of a power series that begins with 1: the integral of w'/w."""
    slopes = _quotient(derivative(tuple(series)), series, len(series) - 1)
    return [ZERO, *(slope * Fraction(1, k) for k, slope in enumerate(slopes, start=1))]


def _rounded(above: Polynomial, radii: Sequence[Fraction]) -> list[Entry] | None:
    """Of a polynomial R, which is meant to agree with exp as far as its digits allow that.

    While k < 2p + 2, log(1 + x) of x = exp(-z) R(z) - 1 = O(z^{p+1}) is x: linear in R.
    """
    R = [Entry(-a, radius) for a, radius in zip(above, radii, strict=True)]
    p = meant_order(R)
    if p < 0:
        return None
    differences = [
        Entry(one.value - Fraction(1, factorial(k)), one.radius) if k > p else Entry(ZERO)
        for k, one in enumerate(R)
    ]
    differences += [Entry(Number.of(Fraction(-1, factorial(k)))) for k in range(len(R), 2 * p + 2)]
    found = []
    for k in range(min(len(differences), 2 * p + 2)):
        total = Entry(ZERO)
        for j in range(k + 1):
            one, factor = differences[j], Fraction((-1) ** (k - j), factorial(k - j))
            total = total + Entry(one.value * factor, one.radius * abs(factor))
        found.append(total)
    return found
