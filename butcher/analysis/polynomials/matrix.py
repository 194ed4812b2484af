"""Small matrices of polynomials in z: characteristic polynomial and adjugate, without division.

Faddeev and LeVerrier: with N_0 = I,

    c_k = -tr(X N_{k-1}) / k      N_k = X N_{k-1} + c_k I
    det(w I - X) = sum_k c_k w^(n-k)      adj(I - X) = sum_{k<n} N_k
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from butcher.analysis.polynomials.univariate import UNIT, Polynomial, plus, scaled, times
from butcher.coefficient.budget import spend

PolynomialMatrix = Sequence[Sequence[Polynomial]]


def product(left: PolynomialMatrix, right: PolynomialMatrix) -> list[list[Polynomial]]:
    columns = range(len(right[0]) if right else 0)
    found: list[list[Polynomial]] = []
    for line in left:
        row: list[Polynomial] = [() for _ in columns]
        for factor, other in zip(line, right, strict=True):
            for j in columns if factor else ():
                if other[j]:
                    row[j] = plus(row[j], times(factor, other[j]))
        found.append(row)
    return found


def characteristic(X: PolynomialMatrix) -> tuple[list[Polynomial], list[list[Polynomial]]]:
    """(c_0, ..., c_n and adj(I - X)) of an n by n matrix.

    A quarter of what the products may take is paid before: a large matrix is refused at once.
    """
    size = len(X)
    spend(size * size * sum(bool(one) for row in X for one in row) // 4, 0)
    factors, last = [UNIT], _identity(size)
    adjugate: list[list[Polynomial]] = [[() for _ in X] for _ in X]
    for k in range(1, size + 1):
        adjugate = _sum(adjugate, last)
        last = product(X, last)
        trace: Polynomial = ()
        for i in range(size):
            trace = plus(trace, last[i][i])
        factor = scaled(trace, Fraction(-1, k))
        for i in range(size):
            last[i][i] = plus(last[i][i], factor)
        factors.append(factor)
    return factors, adjugate


def _identity(size: int) -> list[list[Polynomial]]:
    return [[UNIT if i == j else () for j in range(size)] for i in range(size)]


def _sum(left: PolynomialMatrix, right: PolynomialMatrix) -> list[list[Polynomial]]:
    return [
        [plus(a, b) for a, b in zip(ones, others, strict=True)]
        for ones, others in zip(left, right, strict=True)
    ]
