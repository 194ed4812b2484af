"""Elementary weights of single trees, and how they change with the coefficients.

    E([t1, ..., tm]) = Y(t1) ... Y(tm)      Y(t) = A E(t)      the weight of t is b E(t)

for a method of one step. A weight is a polynomial in the coefficients; its derivatives by all of
them cost as much as a few weights, since on the way down the tree everything but one branch is
multiplied up once (adjoint differentiation). Numbers are exact, or fixed-point integers, which
tell in a fraction of the time what cannot be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from operator import mul
from typing import Generic, Protocol, Self, TypeVar

from butcher.analysis.conditions.shapes import Shape
from butcher.coefficient import ONE, ZERO, Number


class Element(Protocol):
    """A number of whatever kind."""

    def __add__(self, other: Self, /) -> Self: ...

    def __neg__(self) -> Self: ...


N = TypeVar("N", bound=Element)


class Numbers(Protocol[N]):
    """How one calculates with numbers of one kind."""

    @property
    def zero(self) -> N: ...

    @property
    def one(self) -> N: ...

    def of(self, value: Number) -> N: ...

    def times(self, left: N, right: N) -> N: ...

    def dot(self, row: Mapping[int, N], vector: Sequence[N]) -> N:
        """The sum of the products of a sparse row with a vector."""


class Exact:
    """Numbers as they are."""

    zero, one = ZERO, ONE

    def of(self, value: Number) -> Number:
        return value

    def times(self, left: Number, right: Number) -> Number:
        return left * right

    def dot(self, row: Mapping[int, Number], vector: Sequence[Number]) -> Number:
        total = ZERO
        for place, factor in row.items():
            if factor and vector[place]:
                total = total + factor * vector[place]
        return total


class Fixed:
    """Integers in units of 2^-bits."""

    zero = 0

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self.one = 1 << bits

    def of(self, value: Number) -> int:
        return value.scaled(self.bits)

    def number(self, value: int) -> Number:
        return Number.of(Fraction(value, self.one))

    def times(self, left: int, right: int) -> int:
        return (left * right) >> self.bits

    def dot(self, row: Mapping[int, int], vector: Sequence[int]) -> int:
        total: int = sum(map(mul, row.values(), map(vector.__getitem__, row)))
        return total >> self.bits


class Weights(Generic[N]):
    """The weights of trees for one matrix A, each computed once.

    stages   for each stage the slot that is evaluated and its row of A, column -> coefficient.
    slots    whether there are several slots, so that trees are coloured.
    work     how many products were made so far.
    """

    def __init__(
        self, stages: Sequence[tuple[str, Mapping[int, N]]], numbers: Numbers[N], slots: bool
    ) -> None:
        self.stages = stages
        self.numbers = numbers
        self.slots = slots
        self.work = 0
        self._products: dict[Shape, list[N]] = {}
        self._rows: dict[Shape, list[N]] = {}

    def of(self, target: Mapping[int, N], tree: Shape) -> N:
        """b E(t)."""
        self.work += len(target)
        return self.numbers.dot(target, self.product(tree))

    def product(self, tree: Shape) -> list[N]:
        """E(t), of every stage; zero for those of another slot."""
        if tree not in self._products:
            found = self.ones(tree)
            for subtree in tree.subtrees:
                found = self.multiplied(found, self.row(subtree))
            self._products[tree] = found
        return self._products[tree]

    def row(self, tree: Shape) -> list[N]:
        """Y(t), of every stage."""
        if tree not in self._rows:
            vector = self.product(tree)
            self.work += sum(len(row) for _, row in self.stages)
            self._rows[tree] = [self.numbers.dot(row, vector) for _, row in self.stages]
        return self._rows[tree]

    def ones(self, tree: Shape) -> list[N]:
        numbers = self.numbers
        if not self.slots:
            return [numbers.one] * len(self.stages)
        return [numbers.one if slot == tree.slot else numbers.zero for slot, _ in self.stages]

    def multiplied(self, left: Sequence[N], right: Sequence[N]) -> list[N]:
        self.work += len(left)
        return list(map(self.numbers.times, left, right))

    def gradient(self, target: Mapping[int, N], tree: Shape) -> dict[tuple[int, int], N]:
        """The derivatives of b E(t) by every a_ij, (i, j) -> number; those not there are zero."""
        found: dict[tuple[int, int], N] = {}
        start = [target.get(j, self.numbers.zero) for j in range(len(self.stages))]
        self._descend(tree, self.multiplied(start, self.ones(tree)), found)
        return found

    def _descend(self, tree: Shape, above: list[N], found: dict[tuple[int, int], N]) -> None:
        """`above` is what E(t) of each stage is multiplied by on its way to the weight."""
        times, zero = self.numbers.times, self.numbers.zero
        for place, subtree in enumerate(tree.subtrees):
            others = above
            for other in (*tree.subtrees[:place], *tree.subtrees[place + 1 :]):
                others = self.multiplied(others, self.row(other))
            values = self.product(subtree)
            below = [zero] * len(self.stages)
            for i, factor in enumerate(others):
                if not factor:
                    continue
                self.work += len(values)
                for j, value in enumerate(values):
                    if value:
                        found[i, j] = found.get((i, j), zero) + times(factor, value)
                for j, coefficient in self.stages[i][1].items():
                    below[j] = below[j] + times(factor, coefficient)
            self._descend(subtree, self.multiplied(below, self.ones(subtree)), found)
