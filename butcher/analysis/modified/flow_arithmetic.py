"""What the flow of a method is counted in: exact numbers, or balls where decimals were rounded.

Both have sums of products, and of these alone the weights of trees are made.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple, Protocol, TypeVar

from butcher.analysis.conditions.ring import places
from butcher.analysis.conditions.system import System
from butcher.analysis.entry import Entry
from butcher.coefficient import ZERO, Number
from butcher.coefficient.budget import spend

Weight = TypeVar("Weight")


class Arithmetic(Protocol[Weight]):
    def of(self, one: Entry) -> Weight: ...

    def entry(self, one: Weight) -> Entry: ...

    def dot(self, pairs: Iterable[tuple[Weight, Weight]]) -> Weight:
        """The sum of the products."""


class Exact:
    """Numbers as they are."""

    def of(self, one: Entry) -> Number:
        return one.value

    def entry(self, one: Number) -> Entry:
        return Entry(one)

    def dot(self, pairs: Iterable[tuple[Number, Number]]) -> Number:
        return sum((left * right for left, right in pairs), ZERO)


class Rounded(NamedTuple):
    """What lies within `radius` of `middle`, both in units of 2^-bits."""

    middle: int
    radius: int


class Balls:
    """Integers with as many binary places as the roundings of a method leave of use."""

    def __init__(self, found: System) -> None:
        self.bits = max(map(places, found.radii()))

    def of(self, one: Entry) -> Rounded:
        unit = 1 << self.bits
        if not one.radius and one.value.is_rational and unit % one.value.denominator == 0:
            return Rounded(int(one.value.fraction * unit), 0)
        radius = one.radius * unit
        return Rounded(one.value.scaled(self.bits), -(-radius.numerator // radius.denominator) + 1)

    def entry(self, one: Rounded) -> Entry:
        unit = 1 << self.bits
        return Entry(Number.of(Fraction(one.middle, unit)), Fraction(one.radius, unit))

    def dot(self, pairs: Iterable[tuple[Rounded, Rounded]]) -> Rounded:
        """|xy - ab| <= |a| s + |b| r + r s for |x-a| <= r, |y-b| <= s, and one for rounding."""
        middle = radius = terms = 0
        for (a, r), (b, s) in pairs:
            middle += a * b
            radius += abs(a) * s + (abs(b) + s) * r
            terms += 1
        spend(terms, self.bits)
        exact = not radius and not middle & ((1 << self.bits) - 1)
        return Rounded(middle >> self.bits, 0 if exact else (radius >> self.bits) + 2)
