"""The strong-stability coefficient: up to which step a method keeps what Euler's method keeps.

If Euler's method does not increase a norm for steps up to t, the method does not for steps up to
C t (Shu, Osher 1988). C is the radius of absolute monotonicity, the largest r with

    K (I + rK)^-1 >= 0      (I + rK)^-1 1 >= 0      K = [[A, 0], [b^T, 0]]

entry by entry (Kraaijevanger 1991; Ferracina, Spijker 2004; Higueras 2004). If they hold for an
r they hold for all smaller ones, so that bisection with exact arithmetic finds C.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import reduce
from math import inf

from butcher.analysis.limits import UndefinedError
from butcher.analysis.multistep.method import LinearMultistep
from butcher.analysis.polynomials.matrix import characteristic, product
from butcher.analysis.polynomials.sturm import SturmChain, odd_part
from butcher.analysis.polynomials.univariate import (
    VARIABLE,
    Polynomial,
    plus,
    polynomial,
    scaled,
    value,
)
from butcher.analysis.runge_kutta.tableau import ButcherTableau
from butcher.coefficient import ZERO, Number

Matrix = list[list[Number]]

BITS = 60
"""Of the quotient of the ends of the interval in which a coefficient without closed form lies."""


def ssp_coefficient(found: ButcherTableau) -> Number | float:
    """C: exact where it is rational or a root of a rational quadratic equation, else the nearest
    double; infinity where the method keeps it for every step. Of rounded decimals, C of the
    numbers written, a double unless it is 0.

    Of the irreducible tableau, and without operators that are discretised downwind.
    UndefinedError for several slots.
    """
    t = found.irreducible
    if not t.has_one_slot:
        raise UndefinedError("strong stability is computed for one slot")
    K = [[*(a.value for a in row), ZERO] for row in (*t.A, t.b)]
    if not _is_positive(K):
        return ZERO
    conditions = [p for p in _conditions(K) if any(a.sign < 0 for a in p)]
    largest = _largest(conditions)
    return largest if t.is_exact or not isinstance(largest, Number) else float(largest)


def _is_positive(K: Matrix) -> bool:
    """Whether C > 0: K >= 0, and K^2 has no entry where K has none (Kraaijevanger 1991, 4.2)."""
    if any(a.sign < 0 for row in K for a in row):
        return False
    pattern = [{j for j, a in enumerate(row) if a} for row in K]
    return all(pattern[j] <= row for row in pattern for j in row)


def _conditions(K: Matrix) -> Iterator[Polynomial]:
    """Polynomials in r that are to be >= 0: det(I + rK), and the numerators of the inequalities."""
    factors, adjugate = characteristic([[scaled(VARIABLE, -a) for a in row] for row in K])
    yield reduce(plus, factors)
    for row in adjugate:
        yield reduce(plus, row)
    for row in product([[polynomial([a]) for a in row] for row in K], adjugate):
        yield from row


def _largest(conditions: Sequence[Polynomial]) -> Number | float:
    """The end of the interval from 0 on which all polynomials are >= 0."""
    bound = max((SturmChain(p).bound for p in conditions), default=1)
    if not _broken(conditions, Number.of(bound)):
        return inf
    low, high = Fraction(0), Fraction(bound)
    while not low or (high - low) * 2**BITS > high:
        middle = (low + high) / 2
        if _broken(conditions, Number.of(middle)):
            high = middle
        else:
            low = middle
    for p in _broken(conditions, Number.of(high)):
        exact = _root(p, low, high)
        if exact is not None and not _broken(conditions, exact):
            return exact
    return float(Number.of((low + high) / 2))


def _broken(conditions: Sequence[Polynomial], r: Number) -> list[Polynomial]:
    return [p for p in conditions if value(p, r).sign < 0]


def _root(p: Polynomial, low: Fraction, high: Fraction) -> Number | None:
    """Where p becomes negative for good between the two, in closed form if it has one."""
    for root in SturmChain(odd_part(p)).roots:
        if low <= root.refined(BITS + 8).high and root.refined(BITS + 8).low <= high:
            return root.exact
    return None


def ssp_coefficient_multistep(method: LinearMultistep) -> Number | float:
    """min_j -alpha_j / beta_j over the earlier values, alpha_k = 1: C of a linear multistep
    method of first order, 0 if a term is negative (Shu 1988; Lenferink 1989).

    Of rounded decimals, C of the numbers written, a double unless it is 0.
    """
    if method.derivative != 1:
        raise UndefinedError("strong stability is a word for equations of first order")
    values = [-a.value for a in method.alpha[:-1]]
    slopes = [b.value for b in method.beta]
    if any(one.sign < 0 for one in (*values, *slopes)):
        return ZERO
    ratios = [a / b for a, b in zip(values, slopes, strict=False) if b]
    least = min(ratios, default=inf)
    return least if method.is_exact else float(least)
