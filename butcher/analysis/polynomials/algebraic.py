"""Exact arithmetic at a root of a polynomial: for decisions at a value without a closed form."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from butcher.analysis.polynomials.sturm import RealRoot
from butcher.analysis.polynomials.univariate import (
    UNIT,
    Polynomial,
    common_divisor,
    divided,
    minus,
    plus,
    quotient,
    scaled,
    times,
    value,
)


@dataclass(frozen=True)
class Algebraic:
    """p(x) at a real root x of a squarefree polynomial m; p has a lower degree than m.

    m may have factors: a sign is asked of the one root, and an inverse is taken modulo the
    factors of m that p has no root in common with, x being a root of those.
    """

    root: RealRoot
    p: Polynomial

    @classmethod
    def of(cls, root: RealRoot, p: Polynomial) -> Algebraic:
        """p(x) of any polynomial; fastest where the root is already known to some 100 bits."""
        return cls(root, divided(p, root.chain.squarefree)[1])

    def __add__(self, other: Algebraic) -> Algebraic:
        return Algebraic(self.root, plus(self.p, other.p))

    def __sub__(self, other: Algebraic) -> Algebraic:
        return Algebraic(self.root, minus(self.p, other.p))

    def __mul__(self, other: Algebraic | int) -> Algebraic:
        if isinstance(other, int):
            return Algebraic(self.root, scaled(self.p, other))
        return Algebraic.of(self.root, times(self.p, other.p))

    def __abs__(self) -> Algebraic:
        return self * -1 if self.sign < 0 else self

    def __lt__(self, other: Algebraic) -> bool:
        return (self - other).sign < 0

    def __bool__(self) -> bool:
        return self.sign != 0

    @cached_property
    def sign(self) -> int:
        """From the value beside the root, if p cannot vanish as near to it; else from divisors."""
        low, high = self.root.low, self.root.high
        reach = max(abs(low), abs(high))
        slopes = (a.magnitude() * k * reach ** (k - 1) for k, a in enumerate(self.p) if k)
        beside = value(self.p, high)
        if abs(beside) > (high - low) * sum(slopes, Fraction(0)):
            return beside.sign
        return self.root.sign_of(self.p) if self.p else 0

    def inverse(self) -> Algebraic:
        """1 / self, by Euclid's algorithm. ZeroDivisionError if it is zero."""
        if not self:
            raise ZeroDivisionError("division by an exact zero")
        modulus = self.root.chain.squarefree
        modulus = quotient(modulus, common_divisor(self.p, modulus))
        rests = modulus, divided(self.p, modulus)[1]
        factors: tuple[Polynomial, Polynomial] = (), UNIT
        while len(rests[1]) > 1:
            ratio, rest = divided(*rests)
            rests = rests[1], rest
            factors = factors[1], minus(factors[0], times(ratio, factors[1]))
        return Algebraic(self.root, scaled(factors[1], rests[1][0].inverse()))
