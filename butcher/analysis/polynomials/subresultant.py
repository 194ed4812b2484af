"""When two polynomials have a root in common, as a condition on a parameter of theirs.

The principal subresultant coefficients psc_0, psc_1, ... of two polynomials of degrees m and n are
minors of Sylvester's matrix; psc_0 is the resultant. They have exactly j roots in common, counted
with multiplicity, where psc_j is the first that does not vanish (Basu, Pollack, Roy, Algorithms in
Real Algebraic Geometry, 4.24).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from butcher.analysis.polynomials.univariate import Polynomial, interpolated
from butcher.coefficient import ONE, ZERO, Number

Pair = tuple[Sequence[Number], Sequence[Number]]
"""Two polynomials, constant term first, as long as their degrees allow: zeros at the end count."""


def first_subresultant(
    pair: Callable[[int], Pair], degrees: tuple[int, int], growth: int
) -> tuple[int, Polynomial]:
    """j and psc_j, the first that is not zero everywhere, as a polynomial in the parameter.

    pair     the two polynomials at an integer value of the parameter, of these degrees.
    growth   the degree of their coefficients in the parameter.
    """
    m, n = degrees
    for j in range(min(m, n) + 1):
        found = _subresultant(pair, j, (m + n - 2 * j) * growth + 1)
        if found:
            return j, found
    raise AssertionError("the last one is a power of a leading coefficient")


def _subresultant(pair: Callable[[int], Pair], j: int, size: int) -> Polynomial:
    return interpolated(lambda t: _minor(*pair(t), j), size)


def _minor(p: Sequence[Number], q: Sequence[Number], j: int) -> Number:
    m, n = len(p) - 1, len(q) - 1
    size = m + n - 2 * j
    rows = [(p, shift) for shift in range(n - j)] + [(q, shift) for shift in range(m - j)]
    return determinant(
        [
            [one[k - shift] if 0 <= k - shift < len(one) else ZERO for k in range(j, j + size)]
            for one, shift in rows
        ]
    )


def determinant(matrix: Sequence[Sequence[Number]]) -> Number:
    """By elimination, exact."""
    rows, found = [list(row) for row in matrix], ONE
    for k in range(len(rows)):
        pivot = next((i for i in range(k, len(rows)) if rows[i][k]), None)
        if pivot is None:
            return ZERO
        if pivot != k:
            rows[k], rows[pivot], found = rows[pivot], rows[k], -found
        top, found = rows[k], found * rows[k][k]
        inverse = top[k].inverse()
        for row in rows[k + 1 :]:
            if row[k]:
                factor = row[k] * inverse
                for i in range(k + 1, len(row)):
                    if top[i]:
                        row[i] = row[i] - factor * top[i]
    return found
