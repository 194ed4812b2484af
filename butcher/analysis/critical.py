"""The values of a symbol at which the roots of rho may reach the unit circle or each other.

rho(z; s) = sum_j a_j(s) z^j. While s moves, the multiplicities of its roots and the number of
pairs z, 1/z among them change only where a greatest common divisor changes its degree,

    gcd(rho, rho')      gcd(rho, rho*)      rho*(z) = z^d rho(1/z)

that is at zeros of the first principal subresultant coefficient that does not vanish for all s
(Basu, Pollack, Roy, Algorithms in Real Algebraic Geometry, 4.2), or where the leading a_j is
zero. A root that comes to the circle either meets its mirror image 1/conj(z) there or makes a new
pair with its own conjugate: so nothing that the root condition asks for changes elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import count

from butcher.analysis.univariate import (
    Polynomial,
    common_divisor,
    degree,
    derivative,
    interpolated,
    polynomial,
    value,
)
from butcher.coefficient import ONE, ZERO, Number

Family = Sequence[Polynomial]
"""Coefficients a_j(s) of a polynomial in z, constant term first."""


def at(family: Family, s: Number | Fraction | int) -> tuple[Number, ...]:
    """The coefficients of the polynomial in z at one value of s."""
    return tuple(value(a, s) for a in family)


def critical(family: Family) -> tuple[Polynomial, ...]:
    """Polynomials in s, between whose real roots the root condition of the family holds or fails
    throughout. The last a_j and the first must not be zero for all s.
    """
    if len(family) == 1:
        return (family[-1],)
    return (
        family[-1],
        *(_where_more_in_common(family, other) for other in (_reversed, derivative)),
    )


def _reversed(p: Sequence[Number]) -> tuple[Number, ...]:
    return tuple(reversed(p))


Partner = Callable[[tuple[Number, ...]], Sequence[Number]]


def _where_more_in_common(family: Family, partner: Partner) -> Polynomial:
    """The polynomial in s whose zeros are where rho and its partner have more roots in common
    than elsewhere; other zeros are possible where a_d(s) = 0.
    """
    highest = max(map(degree, family))
    size = len(family) - 1
    rows = size + len(partner((ONE,) * len(family))) - 1
    least, samples = size, 0
    for s in count():
        if samples > rows * highest or not least:
            break
        if value(family[-1], s):
            samples += 1
            p = at(family, s)
            least = min(least, degree(common_divisor(polynomial(p), polynomial(partner(p)))))

    def subresultant(s: int) -> Number:
        p = at(family, s)
        return _determinant(_sylvester(p, partner(p), least))

    return interpolated(subresultant, (rows - 2 * least) * highest + 1)


def _sylvester(p: Sequence[Number], q: Sequence[Number], k: int) -> list[list[Number]]:
    """The matrix whose determinant is the k-th principal subresultant coefficient: the rows are
    z^i p, i < deg q - k, and z^i q, i < deg p - k, without the powers of z below k.
    """
    n, m = len(p) - 1, len(q) - 1
    width = n + m - k
    shifted = [(p, i) for i in range(m - k)] + [(q, i) for i in range(n - k)]
    return [[ZERO] * (width - i - len(r)) + list(reversed(r)) + [ZERO] * i for r, i in shifted]


def _determinant(matrix: list[list[Number]]) -> Number:
    """By elimination; of the square part that stands on the left."""
    size, found = len(matrix), ONE
    rows = [row[:size] for row in matrix]
    for k in range(size):
        pivot = next((i for i in range(k, size) if rows[i][k]), None)
        if pivot is None:
            return ZERO
        if pivot != k:
            rows[k], rows[pivot], found = rows[pivot], rows[k], -found
        found = found * rows[k][k]
        inverse = rows[k][k].inverse()
        for row in rows[k + 1 :]:
            if row[k]:
                ratio = row[k] * inverse
                for j in range(k + 1, size):
                    row[j] = row[j] - ratio * rows[k][j]
    return found
