"""The root condition for complex coefficients, by the reduction of Schur and Miller (see `roots`)

    p*(w) = sum_k conj(p_{n-k}) w^k      p1(w) = (conj(p*(0)) p(w) - p(0) p*(w)) / w

A polynomial is its coefficients, constant term first, a number the pair of its parts.
"""

from __future__ import annotations

from collections.abc import Sequence

from butcher.coefficient import ZERO, Number

Complex = tuple[Number, Number]


def is_simple_von_neumann(polynomial: Sequence[Complex]) -> bool:
    """Whether |w| <= 1 for every root w, and roots with |w| = 1 are simple."""
    p, may_be_on_circle = _trimmed(polynomial), True
    while len(p) > 1:
        size = _squared(p[-1]) - _squared(p[0])
        if size.sign > 0:
            p = _reduced(p, size)
        elif may_be_on_circle and not any(map(any, _difference(p))):
            p, may_be_on_circle = _trimmed(_derivative(p)), False
        else:
            return False
    return True


def _trimmed(polynomial: Sequence[Complex]) -> list[Complex]:
    """Without leading zeros and without roots at 0."""
    p = list(polynomial)
    while p and not any(p[-1]):
        p.pop()
    if not p:
        raise ValueError("every number is a root of zero")
    first = next(i for i, one in enumerate(p) if any(one))
    return p[first:]


def _reduced(p: list[Complex], lead: Number) -> list[Complex]:
    """p1 over its leading coefficient, |p*(0)|^2 - |p(0)|^2, so that the numbers stay short."""
    inverse = lead.inverse()
    return _trimmed([(re * inverse, im * inverse) for re, im in _difference(p)[1:]])


def _difference(p: list[Complex]) -> list[Complex]:
    first, last = p[0], p[-1]
    return [
        _minus(_times(_conjugate(last), one), _times(first, _conjugate(other)))
        for one, other in zip(p, reversed(p), strict=True)
    ]


def _derivative(p: list[Complex]) -> list[Complex]:
    return [(re * k, im * k) for k, (re, im) in enumerate(p) if k]


def _squared(z: Complex) -> Number:
    return z[0] * z[0] + z[1] * z[1]


def _conjugate(z: Complex) -> Complex:
    return z[0], ZERO - z[1]


def _times(z: Complex, w: Complex) -> Complex:
    return z[0] * w[0] - z[1] * w[1], z[0] * w[1] + z[1] * w[0]


def _minus(z: Complex, w: Complex) -> Complex:
    return z[0] - w[0], z[1] - w[1]
