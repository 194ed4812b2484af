"""Ball arithmetic for coefficients that a source prints as rounded decimals.

A ball is a middle and a radius, both integers in units of 2^-256. A condition of order whose ball
does not hold the wanted number is broken for certain, whatever the digits left out are; one whose
ball holds it is met to the digits printed, which is all that can be known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import add, mul

from butcher.analysis.entry import Entry
from butcher.analysis.ring import BITS, Ball, Ints, Rows, sparse
from butcher.coefficient import ONE

UNIT = 1 << BITS
WIDEST = UNIT // 100


@dataclass(frozen=True, slots=True)
class BallVector:
    middles: Ints
    radii: Ints


def _ball(one: Entry) -> tuple[int, int]:
    radius = one.radius * UNIT
    return one.value.scaled(BITS), -(-radius.numerator // radius.denominator) + 1


@dataclass(frozen=True)
class Balls:
    """Vectors of balls; radii are rounded upwards, so that every true value stays inside."""

    def block(self, rows: Rows, columns: int) -> BallBlock:
        return BallBlock(rows)

    def of(self, entries: Sequence[Entry]) -> BallVector:
        found = [(UNIT, 0) if e == Entry(ONE) else _ball(e) for e in entries]
        return BallVector(tuple(middle for middle, _ in found), tuple(r for _, r in found))

    def product(self, left: BallVector, right: BallVector) -> BallVector:
        """|xy - ab| <= |a| s + |b| r + r s for |x-a| <= r, |y-b| <= s, and one for rounding."""
        pairs = zip(left.middles, right.middles, strict=True)
        middles = tuple([(a * b) >> BITS for a, b in pairs])
        first = map(mul, map(abs, left.middles), right.radii)
        second = map(mul, map(add, map(abs, right.middles), right.radii), left.radii)
        radii = tuple([((a + b) >> BITS) + 2 for a, b in zip(first, second, strict=True)])
        return BallVector(middles, radii)

    def work(self, left: BallVector, right: BallVector) -> int:
        return 1000 * len(left.middles)

    def is_one(self, vector: BallVector, place: int) -> bool | None:
        """None for a ball around 1 that is so wide that it tells nothing."""
        middle, radius = vector.middles[place], vector.radii[place]
        if abs(middle - UNIT) > radius:
            return False
        return True if radius < WIDEST else None

    def gets(self, vector: BallVector, place: int) -> Ball:
        return Ball(Fraction(vector.middles[place], UNIT), Fraction(vector.radii[place], UNIT))


class BallBlock:
    """A matrix of balls. Zeros are exact: they are not stored."""

    def __init__(self, rows: Rows) -> None:
        stored = [{j: _ball(e) for j, e in stages.items()} for _, stages in rows]
        self.middles = [sparse({j: ball[0] for j, ball in row.items()}) for row in stored]
        self.sizes = [tuple(map(abs, line.factors)) for line in self.middles]
        self.radii = [sparse({j: ball[1] for j, ball in row.items()}) for row in stored]
        self.values = [
            [(-lag, *_ball(e)) for lag, e in values.items() if lag] for values, _ in rows
        ]
        self.terms = sum(len(line.factors) for line in self.middles)

    def apply(self, size: int, vector: BallVector) -> BallVector:
        bounds = tuple(map(add, map(abs, vector.middles), vector.radii))
        middles, widths = [], []
        for line, sizes, radii in zip(self.middles, self.sizes, self.radii, strict=True):
            middle = sum(map(mul, line.factors, line.pick(vector.middles)))
            radius = sum(map(mul, sizes, line.pick(vector.radii)))
            radius += sum(map(mul, radii.factors, line.pick(bounds)))
            middles.append((size * middle) >> BITS)
            widths.append(((size * radius) >> BITS) + 2)
        for i, values in enumerate(self.values):
            for lag, middle, radius in values:
                middles[i] += middle * lag**size
                widths[i] += radius * abs(lag) ** size
        return BallVector(tuple(middles), tuple(widths))

    def work(self, vector: BallVector) -> int:
        digits = max(n.bit_length() for n in vector.middles) // 30 + 1 if vector.middles else 1
        return self.terms * (150 + 20 * digits)
