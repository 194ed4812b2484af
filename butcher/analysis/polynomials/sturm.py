"""The real roots of a polynomial with exact coefficients: counted by Sturm, isolated, refined.

Sturm's chain of a polynomial without multiple roots,

    p0 = p    p1 = p'    p_{k+1} = -(p_{k-1} mod p_k)

has as many more changes of sign at a as at b as p has roots in (a, b]. An endpoint None is
infinite: below for `low`, above for `high`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from butcher.analysis.polynomials.closed_form import closed_forms
from butcher.analysis.polynomials.isolation import changes, homogeneous, isolated, whole_numbers
from butcher.analysis.polynomials.univariate import (
    UNIT,
    VARIABLE,
    Polynomial,
    common_divisor,
    derivative,
    divided,
    polynomial,
    primitive,
    scaled,
    squarefree_factors,
    squarefree_part,
    times,
    value,
)
from butcher.coefficient import Number

Point = Number | int | Fraction


@dataclass(frozen=True)
class SturmChain:
    """Of a polynomial, not zero; multiple roots count once."""

    polynomial: Polynomial

    @cached_property
    def squarefree(self) -> Polynomial:
        """The same roots, all simple."""
        return primitive(squarefree_part(self.polynomial))

    @cached_property
    def chain(self) -> tuple[Polynomial, ...]:
        first, second = self.squarefree, primitive(derivative(self.squarefree))
        found = [first]
        while second:
            found.append(second)
            first, second = second, primitive(scaled(divided(first, second)[1], -1))
        return tuple(found)

    def changes(self, x: Point) -> int:
        """Of sign, zeros left out, in the chain at x."""
        return changes(value(p, x).sign for p in self.chain)

    @cached_property
    def _far(self) -> tuple[int, int]:
        above = [p[-1].sign for p in self.chain]
        below = [s if len(p) % 2 else -s for s, p in zip(above, self.chain, strict=True)]
        return changes(below), changes(above)

    def count(self, low: Point | None = None, high: Point | None = None) -> int:
        """The distinct real roots in (low, high]."""
        below = self._far[0] if low is None else self.changes(low)
        return below - (self._far[1] if high is None else self.changes(high))

    @cached_property
    def bound(self) -> int:
        """A power of two that no root reaches in absolute value (Fujiwara 1916)."""
        p = self.squarefree
        lead = p[-1].inverse()
        sizes = [(a * lead).magnitude() for a in p[:-1]]
        bits = [
            -(-(size.numerator.bit_length() - size.denominator.bit_length() + 1) // (k + 1))
            for k, size in enumerate(reversed(sizes))
            if size
        ]
        return 1 << max([2, *(b + 2 for b in bits)])

    @cached_property
    def roots(self) -> tuple[RealRoot, ...]:
        """All of them, in order."""
        p = self.squarefree
        if len(p) < 2:
            return ()
        return tuple(RealRoot(self, *one) for one in isolated(p, self.bound))

    @cached_property
    def closed_forms(self) -> tuple[Number | None, ...]:
        """Of each root, None where it has none that is sought."""
        intervals = [(root.low, root.high) for root in self.roots]
        return closed_forms(
            self.squarefree, intervals, lambda k, bits: self.roots[k].refined(bits).high
        )

    @cached_property
    def _integers(self) -> list[int] | None:
        """The coefficients, if they are rational."""
        p = self.squarefree
        return None if any(not a.is_rational for a in p) else whole_numbers(p)

    def sign(self, x: Fraction) -> int:
        """Of the squarefree polynomial."""
        if self._integers is None:
            return value(self.squarefree, x).sign
        found = homogeneous(self._integers, x)
        return (found > 0) - (found < 0)


@dataclass(frozen=True)
class RealRoot:
    """The one root of a polynomial in (low, high]."""

    chain: SturmChain
    low: Fraction
    high: Fraction

    def refined(self, bits: int) -> RealRoot:
        """In an interval no longer than 2^-bits."""
        low, high, width = self.low, self.high, Fraction(2) ** -bits
        above = self.chain.sign(high)
        if not above:
            return RealRoot(self.chain, high, high)
        while high - low > width:
            middle = (low + high) / 2
            sign = self.chain.sign(middle)
            if not sign:
                return RealRoot(self.chain, middle, middle)
            low, high = (low, middle) if sign == above else (middle, high)
        return RealRoot(self.chain, low, high)

    def halved(self) -> RealRoot:
        """In an interval at most half as long."""
        return self.refined(_bits(self.high - self.low) + 2) if self.low != self.high else self

    @property
    def place(self) -> Number | float:
        """In closed form, or to all digits of a float."""
        return self.nearest if self.exact is None else self.exact

    def __float__(self) -> float:
        """To all digits."""
        return float(self.place)

    @property
    def nearest(self) -> float:
        """In double precision, by halving alone."""
        root, bits = self, 64
        low, high = (float(Number.of(end)) for end in (root.low, root.high))
        while low != high and bits < 1200:
            root = root.refined(bits)
            low, high = (float(Number.of(end)) for end in (root.low, root.high))
            bits += 32 if root.low * root.high > 0 else 256
        return low if low == high else float((root.low + root.high) / 2)

    def sign_of(self, p: Polynomial) -> int:
        """The sign of another polynomial there."""
        common = common_divisor(p, self.chain.squarefree)
        if len(common) > 1 and self.is_root_of(common):
            return 0
        root, chain = self, SturmChain(p)
        while len(p) > 1 and (root.low != root.high) and chain.count(root.low, root.high):
            root = root.refined(_bits(root.high - root.low) + 8)
        return value(p, root.high).sign

    def is_root_of(self, divisor: Polynomial) -> bool:
        """Whether it is one of a divisor of its polynomial."""
        if self.low == self.high:
            return not value(divisor, self.low)
        return SturmChain(divisor).count(self.low, self.high) == 1

    @property
    def exact(self) -> Number | None:
        """In closed form, where it is rational or a quadratic surd over the rationals."""
        if self.low == self.high:
            return Number.of(self.low)
        places = enumerate(self.chain.roots)
        place = next(k for k, one in places if one.low <= self.low and self.high <= one.high)
        return self.chain.closed_forms[place]


def _bits(width: Fraction) -> int:
    return width.denominator.bit_length() - width.numerator.bit_length()


ORIGIN = RealRoot(SturmChain(VARIABLE), Fraction(0), Fraction(0))

# ---------------------------------------------------------------------- questions


def real_roots(
    p: Polynomial, low: Point | None = None, high: Point | None = None
) -> tuple[RealRoot, ...]:
    """The distinct real roots in (low, high), in order. ValueError where p is zero."""
    if not p:
        raise ValueError("every number is a root of zero")
    return tuple(
        root
        for root in SturmChain(p).roots
        if (low is None or root.sign_of(polynomial([-Number.of(low), 1])) > 0)
        and (high is None or root.sign_of(polynomial([-Number.of(high), 1])) < 0)
    )


def odd_part(p: Polynomial) -> Polynomial:
    """The product of the squarefree factors of odd multiplicity: where p, not zero, changes its
    sign."""
    power = next(k for k, a in enumerate(p) if a)
    found: Polynomial = VARIABLE if power % 2 else UNIT
    for factor in squarefree_factors(p[power:])[0::2]:
        found = times(found, factor)
    return found


def first_sign_change(p: Polynomial) -> RealRoot | None:
    """The smallest x > 0 where p, not zero, changes its sign; it may touch zero before."""
    return next(iter(positive_roots(odd_part(p))), None)


def positive_roots(p: Polynomial) -> list[RealRoot]:
    """In order, in intervals that have no negative number in them."""
    return [root for root in SturmChain(p).roots if root.high > 0]


def is_nonnegative(p: Polynomial, low: Point | None = None, high: Point | None = None) -> bool:
    """Whether p(x) >= 0 for all x from low to high, low < high; it may touch zero."""
    if not p:
        return True
    if real_roots(odd_part(p), low, high):
        return False
    return _sign_inside(p, low, high) > 0


def _sign_inside(p: Polynomial, low: Point | None, high: Point | None) -> int:
    """The sign of p where it is not zero, between two points where it does not change."""
    chain = SturmChain(p)
    left = Number.of(-chain.bound if low is None else low)
    right = Number.of(chain.bound if high is None else high)
    if low is None and not left < right:
        left = right - 1
    if high is None and not left < right:
        right = left + 1
    for k in range(1, len(p) + 1):
        if sign := value(p, left + (right - left) * Fraction(k, len(p) + 1)).sign:
            return sign
    raise AssertionError("a polynomial has no more roots than its degree")
