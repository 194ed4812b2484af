"""Ball arithmetic for coefficients that a source prints as rounded decimals.

A ball is a middle and a radius, both integers in units of 2^-bits, with as many bits as the
longest decimal needs. A condition of order whose ball does not hold the wanted number is broken
for certain, whatever the digits left out are; one whose ball holds it is met to the digits
printed, which is all that can be known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import perm
from operator import add, mul

from butcher.analysis.conditions.ring import Ball, Ints, Rows, places, sparse
from butcher.analysis.entry import Entry
from butcher.coefficient import ONE

TOO_WIDE = 100
"""A ball around 1 of a radius of one part in as many tells nothing."""


@dataclass(frozen=True, slots=True)
class BallVector:
    middles: Ints
    radii: Ints


@dataclass(frozen=True)
class Balls:
    """Vectors of balls; radii are rounded upwards, so that every true value stays inside."""

    bits: int

    @classmethod
    def of_radii(cls, radii: Iterable[Fraction]) -> Balls:
        """With places enough for the smallest radius: a decimal counts in all its digits."""
        return cls(max(map(places, radii)))

    def ball(self, one: Entry) -> tuple[int, int]:
        radius = one.radius * (1 << self.bits)
        return one.value.scaled(self.bits), -(-radius.numerator // radius.denominator) + 1

    def block(self, rows: Rows, columns: int, derivative: int) -> BallBlock:
        return BallBlock(self, rows, derivative)

    def of(self, entries: Sequence[Entry]) -> BallVector:
        one = Entry(ONE)
        found = [(1 << self.bits, 0) if e == one else self.ball(e) for e in entries]
        return BallVector(tuple(middle for middle, _ in found), tuple(r for _, r in found))

    def product(self, left: BallVector, right: BallVector) -> BallVector:
        """|xy - ab| <= |a| s + |b| r + r s for |x-a| <= r, |y-b| <= s, and one for rounding."""
        bits = self.bits
        pairs = zip(left.middles, right.middles, strict=True)
        middles = tuple([(a * b) >> bits for a, b in pairs])
        first = map(mul, map(abs, left.middles), right.radii)
        second = map(mul, map(add, map(abs, right.middles), right.radii), left.radii)
        radii = tuple([((a + b) >> bits) + 2 for a, b in zip(first, second, strict=True)])
        return BallVector(middles, radii)

    def work(self, left: BallVector, right: BallVector) -> int:
        return 1000 * len(left.middles) + len(left.middles) * (self.bits // 30) ** 2

    def is_one(self, vector: BallVector, place: int) -> bool | None:
        """None for a ball around 1 that is so wide that it tells nothing."""
        unit = 1 << self.bits
        middle, radius = vector.middles[place], vector.radii[place]
        if abs(middle - unit) > radius:
            return False
        return True if TOO_WIDE * radius < unit else None

    def gets(self, vector: BallVector, place: int) -> Ball:
        unit = 1 << self.bits
        return Ball(Fraction(vector.middles[place], unit), Fraction(vector.radii[place], unit))


class BallBlock:
    """A matrix of balls. Zeros are exact: they are not stored."""

    def __init__(self, arithmetic: Balls, rows: Rows, derivative: int) -> None:
        self.derivative = derivative
        ball = arithmetic.ball
        stored = [{j: ball(e) for j, e in stages.items()} for _, stages in rows]
        self.bits = arithmetic.bits
        self.middles = [sparse({j: ball[0] for j, ball in row.items()}) for row in stored]
        self.sizes = [tuple(map(abs, line.factors)) for line in self.middles]
        self.radii = [sparse({j: ball[1] for j, ball in row.items()}) for row in stored]
        self.values = [[(-lag, *ball(e)) for lag, e in values.items() if lag] for values, _ in rows]
        self.terms = sum(len(line.factors) for line in self.middles)

    def apply(self, size: int, vector: BallVector) -> BallVector:
        bounds = tuple(map(add, map(abs, vector.middles), vector.radii))
        middles, widths, factor = [], [], perm(size, self.derivative)
        for line, sizes, radii in zip(self.middles, self.sizes, self.radii, strict=True):
            middle = sum(map(mul, line.factors, line.pick(vector.middles)))
            radius = sum(map(mul, sizes, line.pick(vector.radii)))
            radius += sum(map(mul, radii.factors, line.pick(bounds)))
            middles.append((factor * middle) >> self.bits)
            widths.append(((factor * radius) >> self.bits) + 2)
        for i, values in enumerate(self.values):
            for lag, middle, radius in values:
                middles[i] += middle * lag**size
                widths[i] += radius * abs(lag) ** size
        return BallVector(tuple(middles), tuple(widths))

    def work(self, vector: BallVector) -> int:
        digits = max(n.bit_length() for n in vector.middles) // 30 + 1 if vector.middles else 1
        return self.terms * (150 + 20 * digits + digits * self.bits // 30)
