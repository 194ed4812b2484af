"""Conditions that a change of a method is tried on before it is proved, in fixed-point numbers.

They are finer, by far, than the least that is wrong with the method, so what does not hold in them
does not hold; what does is proved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from butcher.analysis.conditions.proof import Failure, OrderResult
from butcher.analysis.conditions.ring import Ball
from butcher.analysis.conditions.shapes import Shape, shape
from butcher.analysis.conditions.trees import Palette, Trees
from butcher.analysis.conditions.weights import Exact, Fixed
from butcher.analysis.repair.tableau import Cell, Matrix, Tableau
from butcher.coefficient import Number

LARGEST_WORK = 700_000_000
"""Nanoseconds, about, that a search may take; it ends with what it has found."""

MOST_FAILING = 12
"""Conditions that fail, of one target."""

MOST_CONDITIONS = 60
"""Conditions of low order, of all targets together, and a few more: those of an order stay."""

GUARD = 128
"""Bits by which fixed-point numbers are finer than the least of what is wrong, twice over."""

FINEST = 1 << 13
"""Bits of a fixed-point number. Numbers of 1,000 digits have 3,300."""


@dataclass(frozen=True)
class Check:
    """A condition that fails: what a target has of a tree, in fixed-point; radius of balls."""

    target: int
    tree: Shape
    failure: Failure
    wanted: int
    got: int
    radius: int

    @property
    def missing(self) -> int:
        return self.wanted - self.got


def short_of(wanted: Mapping[str, int], results: Mapping[str, OrderResult]) -> list[OrderResult]:
    """The results, by key, that fail below the order wanted of them."""
    return [
        result
        for key, result in results.items()
        if result.outcome == "fails" and (result.order or 0) < wanted.get(key, 0)
    ]


class Checks:
    """What is known of a tableau that fails.

    failing   conditions that fail, those of low order first.
    others    target, tree and wanted weight of conditions of low order, whether they fail or not;
              none where decimals are rounded.
    unit      1 in fixed-point.
    noise     below this nothing is told from rounding.
    fixed     the coefficients in fixed-point; `exact`: as they are.
    spent     about how many nanoseconds the trials took.
    """

    def __init__(
        self, tableau: Tableau, wanted: Mapping[str, int], results: Sequence[OrderResult]
    ) -> None:
        self.tableau = tableau
        off = [r.residual.value for r in tableau.broken.values()]
        off += [f.wanted - _middle(f.got) for r in results for f in r.failures[:1]]
        fine = min(FINEST, max((_bits_below(one) for one in off), default=0))
        self.numbers = Fixed(fine + 2 * GUARD)
        self.unit, self.noise = self.numbers.one, 1 << GUARD
        self.fixed: Matrix[int] = tableau.matrix(self.numbers)
        self.exact: Matrix[Number] = tableau.matrix(Exact())
        self.failing = sorted(self._failing(results), key=lambda check: check.failure.order)
        self.others = [] if tableau.system.radii() else list(self._others(wanted))
        self.spent = 0

    def _failing(self, results: Sequence[OrderResult]) -> Iterator[Check]:
        """Of each target those with few leaves, in which the coefficients stand simply."""
        keys = [t.key for t in self.tableau.system.targets]
        for result in results:
            trees = [(shape(failure.tree), failure) for failure in result.failures]
            mine = [
                self._check(keys.index(result.key), tree, failure)
                for tree, failure in trees
                if tree is not None
            ]
            yield from sorted(mine, key=lambda check: check.tree.leaves)[:MOST_FAILING]

    def _check(self, target: int, tree: Shape, failure: Failure) -> Check:
        got, fixed = failure.got, self.numbers.of
        radius = int(got.radius * self.unit) + 1 if isinstance(got, Ball) else 0
        return Check(target, tree, failure, fixed(failure.wanted), fixed(_middle(got)), radius)

    def _others(self, wanted: Mapping[str, int]) -> Iterator[tuple[int, Shape, int]]:
        """1/gamma of every tree, by the targets whose equation has its root, order by order."""
        system = self.tableau.system
        slots = list(system.reads)
        children = [
            tuple(i for i, other in enumerate(slots) if system.drives[other] == system.reads[slot])
            for slot in slots
        ]
        trees = Trees(Palette(tuple(slots), tuple(children)))
        count, order = 0, 0
        while count < MOST_CONDITIONS and order < max(wanted.values(), default=0):
            order += 1
            trees.grow()
            for colour, slot in enumerate(slots):
                targets = [
                    i
                    for i, target in enumerate(system.targets)
                    if wanted.get(target.key, 0) >= order
                    and target.combination.state == system.drives[slot]
                ]
                for tree in trees.of(order, colour):
                    found = shape(trees.bracket(tree))
                    assert found is not None
                    count += len(targets)
                    yield from ((i, found, self.unit // trees.gamma(tree)) for i in targets)

    # ------------------------------------------------------------------ trials

    @property
    def is_over(self) -> bool:
        """Whether all the work is done that may be done."""
        return self.spent + self.tableau.work > LARGEST_WORK

    def spend(self, products: int) -> None:
        """Count the time of this many products; it grows with the square of their bits."""
        self.spent += products * (300 + self.numbers.bits**2 // 2000)

    def passes(self, changes: Sequence[tuple[Cell, int]], only: Check | None = None) -> bool:
        """Whether the conditions, or the only one, hold with something added to some cells."""
        if self.is_over:
            return False
        changed = self.fixed.changed(changes)
        before = changed.weights.work
        failing, others = ([only], []) if only is not None else (self.failing, self.others)
        found = all(
            abs(changed.weight(check.target, check.tree) - check.wanted)
            <= self.noise + 16 * check.radius
            for check in failing
        ) and all(
            abs(changed.weight(target, tree) - wanted) <= self.noise
            for target, tree, wanted in others
        )
        self.spend(50 + changed.weights.work - before)
        return found

    def gradient(self, matrix: Matrix[int], target: int, tree: Shape) -> dict[tuple[int, int], int]:
        """The derivatives of a condition by the coefficients of all stages."""
        before = matrix.weights.work
        found = matrix.weights.gradient(matrix.targets[target], tree)
        self.spend(matrix.weights.work - before)
        return found


def _middle(got: Number | Ball) -> Number:
    return Number.of(got.middle) if isinstance(got, Ball) else got


def _bits_below(value: Number) -> int:
    """How many bits behind the point a number begins."""
    size = value.magnitude()
    return max(0, size.denominator.bit_length() - size.numerator.bit_length())
