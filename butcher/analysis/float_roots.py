"""The roots of a polynomial with complex coefficients, in double precision."""

from __future__ import annotations

import cmath
from collections.abc import Sequence


def float_roots(factors: Sequence[complex]) -> list[complex]:
    """All at once, by Aberth's method from points on a circle; the constant term comes first.

    Fewer than the degree where leading coefficients are zero, not numbers where they overflow.
    """
    p = list(factors)
    while p and not p[-1]:
        p.pop()
    zeros = next((k for k, a in enumerate(p) if a), 0)
    p = p[zeros:]
    if len(p) < 2:
        return [0j] * zeros
    size = 1 + max(abs(a / p[-1]) for a in p[:-1])
    count = len(p) - 1
    roots = [cmath.rect(size, 2 * cmath.pi * (k + 0.3) / count) for k in range(count)]
    for _ in range(200):
        steps = [_aberth(p, roots, k) for k in range(count)]
        roots = [w - step for w, step in zip(roots, steps, strict=True)]
        if all(abs(step) <= 1e-15 * abs(w) for w, step in zip(roots, steps, strict=True)):
            break
    return [0j] * zeros + roots


def _aberth(p: Sequence[complex], roots: Sequence[complex], k: int) -> complex:
    w, value, slope = roots[k], 0j, 0j
    for a in reversed(p):
        slope = slope * w + value
        value = value * w + a
    if not value:
        return 0j
    others = sum(1 / (w - x) for j, x in enumerate(roots) if j != k and x != w)
    return 1 / (slope / value - others)
