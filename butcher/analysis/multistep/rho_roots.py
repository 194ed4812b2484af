"""The roots of rho or sigma, one by one: in closed form where they have one, else in floats.

Their multiplicities, and which of them lie on the unit circle, are exact in any case: squarefree
factors tell the ones, the zeros of |p(w)|^2 for w on the circle, counted by Sturm, the others.
"""

from __future__ import annotations

import cmath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from butcher.analysis.limits import TooLargeError
from butcher.analysis.polynomials.sturm import real_roots
from butcher.analysis.polynomials.trigonometric import on_circle
from butcher.analysis.polynomials.univariate import (
    Polynomial,
    complex_value,
    derivative,
    monic,
    polynomial,
    quotient,
    squarefree_factors,
    value,
)
from butcher.coefficient import ONE, ZERO, Number

SWEEPS = 500
"""Of Aberth's iteration; some ten are enough where roots are apart."""


@dataclass(frozen=True)
class Root:
    """A root, `real` + i `imaginary`: exact numbers where it is rational or a quadratic surd,
    complex ones included, else floats to 12 digits or more.

    on_circle   whether its modulus is 1, exact.
    principal   whether it is the root 1.
    """

    real: Number | float
    imaginary: Number | float
    modulus: Number | float
    multiplicity: int
    on_circle: bool
    principal: bool


def roots(p: Polynomial) -> tuple[Root, ...]:
    """The distinct ones: the principal first, then from the largest to the smallest.

    TooLargeError where their floats do not converge.
    """
    found = [
        root
        for k, factor in enumerate(squarefree_factors(p), start=1)
        for root in _simple_roots(factor, k)
    ]
    return tuple(
        sorted(
            found,
            key=lambda r: (
                not r.principal,
                -round(float(r.modulus), 12),
                -float(r.real),
                -float(r.imaginary),
            ),
        )
    )


def _simple_roots(p: Polynomial, multiplicity: int) -> Iterator[Root]:
    circle = _number_on_circle(p)
    for x in _exact_real(p):
        p = quotient(p, polynomial([-x, 1]))
        circle -= abs(x) == ONE
        yield Root(x, ZERO, abs(x), multiplicity, abs(x) == ONE, x == ONE)
    pair = _pair(p, multiplicity)
    if pair:
        yield from pair
        return
    numeric = sorted(_numeric(p), key=lambda z: abs(abs(z) - 1)) if len(p) > 1 else []
    for k, z in enumerate(numeric):
        on = k < circle
        yield Root(z.real, z.imag, ONE if on else abs(z), multiplicity, on, False)


def _exact_real(p: Polynomial) -> list[Number]:
    found = [Number.of(x) for x in (0, 1, -1) if not value(p, x)]
    for x in found:
        p = quotient(p, polynomial([-x, 1]))
    return found + [root.exact for root in real_roots(p) if root.exact is not None]


def _pair(p: Polynomial, multiplicity: int) -> tuple[Root, ...]:
    """The complex roots of a quadratic polynomial, where they have a closed form."""
    if len(p) != 3:
        return ()
    c, b, _ = monic(p)
    square = c - b * b * Fraction(1, 4)
    if not (square.is_rational and square.sign > 0):
        return ()
    try:
        imaginary = Number.sqrt(square.fraction)
        modulus = Number.sqrt(c.fraction) if c.is_rational else float(c) ** 0.5
    except ValueError:
        return ()
    real = b * Fraction(-1, 2)
    return tuple(
        Root(real, imaginary * sign, modulus, multiplicity, c == ONE, False) for sign in (1, -1)
    )


def _number_on_circle(p: Polynomial) -> int:
    """Of the roots of a squarefree polynomial: pairs are the zeros of |p(w)|^2 in (-1, 1)."""
    square, _ = on_circle(p, p)
    ends = sum(not value(p, end) for end in (-1, 1))
    return ends + 2 * len(real_roots(square, -1, 1))


# ---------------------------------------------------------------------- floats


def _numeric(p: Polynomial) -> list[complex]:
    """The roots of a squarefree polynomial by Aberth's iteration, refined with exact values."""
    exact = monic(p)
    slopes = derivative(exact)
    try:
        found = [_refined(exact, slopes, z) for z in _aberth([float(a) for a in exact])]
    except (OverflowError, ValueError, ZeroDivisionError) as error:
        raise TooLargeError("the roots are too far apart for floats") from error
    if len(set(found)) < len(exact) - 1:
        raise TooLargeError("the roots are too close to each other for floats")
    return found


def _aberth(factors: Sequence[float]) -> list[complex]:
    slopes = [a * k for k, a in enumerate(factors)][1:]
    size = len(slopes)
    radius = abs(factors[0]) ** (1 / size)
    found = [cmath.rect(radius, 2 * cmath.pi * k / size + 0.4) for k in range(size)]
    for _ in range(SWEEPS):
        largest = 0.0
        for k, z in enumerate(found):
            near = complex_value(factors, z)
            if not near:
                continue
            newton = complex_value(slopes, z) / near
            step = 1 / (newton - sum(1 / (z - y) for j, y in enumerate(found) if j != k))
            found[k] = z - step
            largest = max(largest, abs(step) / abs(z))
        if largest < 1e-14:
            break
    return found


def _refined(p: Polynomial, slopes: Polynomial, z: complex) -> complex:
    """Newton's steps from exact values, which rounding does not blur near roots that are close.

    TooLargeError where they do not end.
    """
    for _ in range(8):
        step = _exact_value(p, z) / _exact_value(slopes, z)
        z -= step
        if abs(step) <= 1e-13 * abs(z):
            return complex(z.real, 0.0 if abs(z.imag) < 1e-14 * abs(z) else z.imag)
    raise TooLargeError("the roots of rho do not converge")


def _exact_value(p: Polynomial, z: complex) -> complex:
    x, y = Fraction(z.real), Fraction(z.imag)
    real, imaginary = ZERO, ZERO
    for a in reversed(p):
        real, imaginary = real * x - imaginary * y + a, real * y + imaginary * x
    return complex(float(real), float(imaginary))
