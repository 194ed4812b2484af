"""Coefficients as functions of one symbol, the others at their start values."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from butcher.analysis.polynomials.univariate import (
    UNIT,
    Polynomial,
    common_divisor,
    polynomial,
    quotient,
    times,
)
from butcher.coefficient import ZERO, Coefficient, Number
from butcher.coefficient import Polynomial as Multivariate


def in_symbol(
    coefficients: Sequence[Coefficient], name: str
) -> tuple[tuple[Polynomial, ...], Polynomial]:
    """(p1, p2, ...), d with the i-th coefficient p_i / d; d is a least common denominator.

    Raises ZeroDivisionError where the start value of another symbol is a pole.
    """
    above = [_in_symbol(c.numerator, name) for c in coefficients]
    below = [_in_symbol(c.denominator, name) for c in coefficients]
    if not all(below):
        raise ZeroDivisionError("a coefficient has a pole at the start values of its symbols")
    common = reduce(_multiple, below, UNIT)
    return tuple(times(p, quotient(common, q)) for p, q in zip(above, below, strict=True)), common


def _multiple(p: Polynomial, q: Polynomial) -> Polynomial:
    """The least common one."""
    return p if len(q) == 1 else times(p, quotient(q, common_divisor(p, q)))


def _in_symbol(found: Multivariate, name: str) -> Polynomial:
    factors: dict[int, Number] = {}
    for monomial, factor in found.terms:
        exponent = 0
        for variable, power in monomial:
            if variable.name == name:
                exponent = power
            else:
                factor = factor * variable.start**power
        factors[exponent] = factors.get(exponent, ZERO) + factor
    return polynomial(factors.get(k, ZERO) for k in range(max(factors, default=-1) + 1))
