"""Arithmetic for the conditions of order: exact, or balls where decimals were rounded.

Both count in the weights of a tree t that the density is already multiplied into,

    y(t) = gamma(t) Y(t)      e(t) = gamma(t)/|t| E(t) = y(t1) ... y(tm)
    y(t) = sum_l U_l (-l)^|t| + |t| sum_j A_j e_j(t)

for a row Y and its evaluations E: nothing is ever divided, and a condition reads y(t) = 1. For
u'' = f(u) the density has |t| (|t|-1) in place of |t|, and so has y(t).

A vector holds one weight a stage. A *block* is a matrix of coefficients that maps e(t) of the
stages of one slot to y(t) of the rows of another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm, perm
from operator import add, itemgetter, mul
from typing import Protocol, TypeVar

from butcher.analysis.entry import Entry
from butcher.analysis.limits import TooLargeError
from butcher.coefficient import Number

Ints = tuple[int, ...]
Rows = Sequence[tuple[Mapping[int, Entry], Mapping[int, Entry]]]
"""For each row its values (lag -> coefficient) and its stages (column -> coefficient)."""

LARGEST_DENOMINATOR = 1 << 15
"""Bits. Sixteen stages with surds need 1,500."""

LARGEST_MATRIX = 1 << 18
"""Integers in a matrix."""


def places(radius: Fraction) -> int:
    """How many bits behind the point make roundings small against a radius, if it is not 0."""
    known = radius.denominator.bit_length() - radius.numerator.bit_length() if radius else 0
    return max(128, known + 64)


@dataclass(frozen=True)
class Ball:
    """Every number within `radius` of `middle`."""

    middle: Fraction
    radius: Fraction

    @classmethod
    def of(cls, middle: Number, radius: Fraction) -> Ball:
        """The middle rounded to a binary fraction, the radius as much larger."""
        unit = 1 << places(radius)
        return cls(Fraction(middle.scaled(places(radius)), unit), radius + Fraction(1, unit))

    def __contains__(self, value: int | Fraction) -> bool:
        return abs(self.middle - value) <= self.radius

    def __truediv__(self, other: int) -> Ball:
        return Ball(self.middle / other, self.radius / other)

    def __str__(self) -> str:
        return f"{float(self.middle):.17g} +- {float(self.radius):.1g}"


Vector = TypeVar("Vector")


class Block(Protocol[Vector]):
    """y(t) of some rows, of e(t) of the stages they read."""

    def apply(self, size: int, vector: Vector) -> Vector:
        """sum_l U_l (-l)^size + size * sum_j A_j e_j, where evaluations count for one."""

    def work(self, vector: Vector) -> int:
        """About how many nanoseconds `apply` takes."""


class Arithmetic(Protocol[Vector]):
    """Vectors of weights; `Exact` and `Balls` are the two."""

    def block(self, rows: Rows, columns: int, derivative: int) -> Block[Vector]: ...

    def of(self, entries: Sequence[Entry]) -> Vector: ...

    def product(self, left: Vector, right: Vector) -> Vector: ...

    def work(self, left: Vector, right: Vector) -> int:
        """About how many nanoseconds `product` takes."""

    def gets(self, vector: Vector, place: int) -> Number | Ball:
        """One weight."""

    def is_one(self, vector: Vector, place: int) -> bool | None:
        """Whether it is 1; None where that cannot be told."""


# ---------------------------------------------------------------------- exact


class Field:
    """Q(sqrt d1, sqrt d2, ...): a basis of roots of squarefree integers, closed under products."""

    def __init__(self, radicands: Sequence[int]) -> None:
        basis = [1]
        for radicand in sorted(set(radicands)):
            if radicand not in basis:
                basis += [_times(radicand, other)[1] for other in basis]
        self.basis = tuple(basis)
        place = {radicand: i for i, radicand in enumerate(basis)}
        self.table = tuple(
            tuple((factor, place[radicand]) for factor, radicand in (_times(d, e) for e in basis))
            for d in basis
        )
        """table[i][j] = (n, k): basis[i] * basis[j] = n basis[k], roots understood."""

    def components(self, value: Number, denominator: int) -> Ints:
        """value * denominator in the basis, integers."""
        factor = denominator // value.denominator
        found = dict(value.terms)
        return tuple(found.get(radicand, 0) * factor for radicand in self.basis)

    def number(self, components: Sequence[int], denominator: int) -> Number:
        return Number(dict(zip(self.basis, components, strict=True)), denominator)


def _times(d: int, e: int) -> tuple[int, int]:
    """sqrt(d) sqrt(e) = n sqrt(f) as (n, f)."""
    common = gcd(d, e)
    return common, (d // common) * (e // common)


@dataclass(frozen=True)
class Exact:
    """Vectors of field elements over one denominator: no gcd and no Fraction in the inner loop.

    A vector of s elements over a basis of m is m * s integers, component after component.
    """

    field: Field

    def block(self, rows: Rows, columns: int, derivative: int) -> ExactBlock:
        return ExactBlock(self.field, rows, columns, derivative)

    def of(self, entries: Sequence[Entry]) -> ExactVector:
        denominator = common_denominator(entries)
        parts = [self.field.components(e.value, denominator) for e in entries]
        basis = range(len(self.field.basis))
        return ExactVector(tuple(part[k] for k in basis for part in parts), denominator)

    def product(self, left: ExactVector, right: ExactVector) -> ExactVector:
        denominator = left.denominator * right.denominator
        basis = len(self.field.basis)
        if basis == 1:
            return _reduced(list(map(mul, left.parts, right.parts)), denominator)
        if basis == 2:
            return _reduced(self.quadratic(left.parts, right.parts), denominator)
        size = len(left.parts) // basis
        lefts = [left.parts[k * size : (k + 1) * size] for k in range(basis)]
        rights = [right.parts[k * size : (k + 1) * size] for k in range(basis)]
        total = [[0] * size for _ in range(basis)]
        for ones, line in zip(lefts, self.field.table, strict=True):
            for others, (factor, k) in zip(rights, line if any(ones) else (), strict=False):
                part = (factor * a * b for a, b in zip(ones, others, strict=True))
                total[k] = list(map(add, total[k], part))
        return _reduced([n for part in total for n in part], denominator)

    def quadratic(self, left: Ints, right: Ints) -> list[int]:
        """(a + b sqrt(d)) (e + f sqrt(d)) = (a e + d b f) + (a f + b e) sqrt(d)."""
        d, size = self.field.basis[1], len(left) // 2
        a, b, e, f = left[:size], left[size:], right[:size], right[size:]
        rational = map(add, map(mul, a, e), map(mul, map(d.__mul__, b), f))
        return [*rational, *map(add, map(mul, a, f), map(mul, b, e))]

    def work(self, left: ExactVector, right: ExactVector) -> int:
        digits = _digits(left.denominator) * _digits(right.denominator)
        return (300 + len(left.parts) * (150 + digits)) * len(self.field.basis)

    def is_one(self, vector: ExactVector, place: int) -> bool:
        size = len(vector.parts) // len(self.field.basis)
        one, *surds = vector.parts[place::size]
        return one == vector.denominator and not any(surds)

    def gets(self, vector: ExactVector, place: int) -> Number:
        size = len(vector.parts) // len(self.field.basis)
        return self.field.number(vector.parts[place::size], vector.denominator)


@dataclass(frozen=True, slots=True)
class ExactVector:
    parts: Ints
    denominator: int


def common_denominator(entries: Sequence[Entry]) -> int:
    found = 1
    for one in entries:
        found = lcm(found, one.value.denominator)
        if found.bit_length() > LARGEST_DENOMINATOR:
            raise TooLargeError("the common denominator of the coefficients is too large")
    return found


class ExactBlock:
    """An integer matrix over the components: multiplication by a surd is a matrix, too."""

    def __init__(self, field: Field, rows: Rows, columns: int, derivative: int) -> None:
        self.derivative = derivative
        self.denominator = common_denominator(
            [e for values, stages in rows for e in (*values.values(), *stages.values())]
        )
        terms = sum(len(e.value.terms) for _, stages in rows for e in stages.values())
        if terms * len(field.basis) > LARGEST_MATRIX:
            raise TooLargeError("the coefficients have too many different square roots")
        self.lines = _lines(field, rows, columns, self.denominator)
        parts = [
            {lag: field.components(e.value, self.denominator) for lag, e in values.items() if lag}
            for values, _ in rows
        ]
        self.values = [
            [(-lag, found[k]) for lag, found in part.items() if found[k]]
            for k in range(len(field.basis))
            for part in parts
        ]
        self.has_lags = any(self.values)
        self.terms = sum(len(line.factors) for line in self.lines)

    def apply(self, size: int, vector: ExactVector) -> ExactVector:
        parts, factor = vector.parts, perm(size, self.derivative)
        found = [
            factor * sum(map(mul, line.factors, line.pick(parts))) if line.factors else 0
            for line in self.lines
        ]
        if self.has_lags:
            scale = vector.denominator
            for i, values in enumerate(self.values):
                if values:
                    found[i] += scale * sum(one * lag**size for lag, one in values)
        return _reduced(found, self.denominator * vector.denominator)

    def work(self, vector: ExactVector) -> int:
        return self.terms * (60 + _digits(vector.denominator) * _digits(self.denominator))


def _digits(n: int) -> int:
    """The digits that Python computes with."""
    return n.bit_length() // 30 + 1


def _reduced(parts: list[int], denominator: int) -> ExactVector:
    """Divided by what is common: the same weights are the same integers, and short ones."""
    common = gcd(denominator, *parts)
    if common > 1:
        return ExactVector(tuple([n // common for n in parts]), denominator // common)
    return ExactVector(tuple(parts), denominator)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a sparse integer matrix."""

    factors: tuple[int, ...]
    pick: Callable[[Ints], Sequence[int]]


def _lines(field: Field, rows: Rows, columns: int, denominator: int) -> list[Line]:
    basis = len(field.basis)
    found: list[dict[int, int]] = [{} for _ in range(basis * len(rows))]
    for row, (_, stages) in enumerate(rows):
        for column, one in stages.items():
            for n, line in zip(field.components(one.value, denominator), field.table, strict=True):
                for j, (factor, k) in enumerate(line) if n else ():
                    found[k * len(rows) + row][j * columns + column] = n * factor
    return [sparse(line) for line in found]


def sparse(found: Mapping[int, int]) -> Line:
    places = sorted(found)
    if len(places) == 1:
        # itemgetter of one place gives no tuple
        only = places[0]
        return Line((found[only],), lambda parts: parts[only : only + 1])
    pick: Callable[[Ints], Sequence[int]] = itemgetter(*places) if places else lambda parts: ()
    return Line(tuple(found[place] for place in places), pick)
