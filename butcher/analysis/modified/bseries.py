"""The B-series of a method, and the vector field whose exact flow takes its steps.

A map u -> sum_t h^|t| a(t) / sigma(t) F(t)(u) is known by its weights a. The flow of the field

    h f_h = sum_t h^|t| b(t) / sigma(t) F(t)

at the time s, in steps, has the weights (Hairer, Lubich, Wanner, Geometric Numerical Integration,
IX.9.1; a tree is cut at one of its edges into trunk and branch)

    phi_s(t) = sum_j s^j / j! D_j(t)     D_1 = b     D_j(t) = sum_edges D_(j-1)(trunk) b(branch)

and b(t) stands in D_1(t) alone: the others need smaller trees. So that a new value

    sum_l V_l u[n-l] + h sum_j B_j k_j

be phi_1(u[n]) if every u[n-l] is phi_(-l)(u[n]), one linear equation a tree gives b(t). Of a
one-step method that is the modified equation. Of a method with earlier values it is that of its
underlying one-step method (ibid., XV.2), which exists where 1 + sum_l l V_l is not zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cache
from math import factorial
from typing import Generic

from butcher.analysis.conditions.system import Combination, System
from butcher.analysis.conditions.trees import Palette, Trees
from butcher.analysis.entry import Entry, total
from butcher.analysis.limits import TooLargeError, UndefinedError
from butcher.analysis.modified.flow_arithmetic import Arithmetic, Balls, Exact, Rounded, Weight
from butcher.coefficient import ONE, Number

LARGEST_TREES = 2_000
"""Of all orders together; with one slot, order 8 has 200 and order 10 has 1,205."""

_ONE = Entry(ONE)


class NumericalFlow(Generic[Weight]):
    """The weights of a method tree by tree, order by order: `advance` adds the next order.

    trees     those so far; a colour for each slot.
    field     b(t), by tree. The field that drives a state is made of the trees whose root does.
    """

    def __init__(self, found: System, arithmetic: Arithmetic[Weight]) -> None:
        self.system = found
        self.slots = list(found.reads)
        self.trees = Trees(palette(found))
        self.field: list[Entry] = []
        self.targets = {t.combination.state: t.combination for t in found.targets}
        self._dot = arithmetic.dot
        self._entry = arithmetic.entry
        self._of = cache(arithmetic.of)
        self._inverses = {s: _inverse_slope(s, new) for s, new in self.targets.items()}
        self._members = [
            [i for i, stage in enumerate(found.stages) if stage.slot == slot] for slot in self.slots
        ]
        self._products: list[dict[int, Weight]] = []
        """E(t) of the stages of the root's slot."""
        self._rows: list[dict[int, Weight]] = []
        """Y(t) of the stages that read what the root drives; an order behind the products."""
        self._powers: list[list[Weight]] = []
        """D_1(t), ..., D_|t|(t); the others are zero."""
        self._by_subtrees: dict[tuple[int, ...], int] = {}
        self._flow = cache(self._flow_weight)

    @property
    def order(self) -> int:
        return self.trees.size(len(self.trees) - 1) if len(self.trees) else 0

    def weight(self, tree: int, time: int = 1) -> Entry:
        """phi_time(t). At time 1 it is what the new value has of the tree."""
        return self._entry(self._flow(tree, time))

    def of_order(self, order: int) -> Iterable[int]:
        """The trees of one order, root colours one after the other."""
        return (tree for colour in range(len(self.slots)) for tree in self.trees.of(order, colour))

    def drives(self, tree: int) -> str:
        """The state that the root drives."""
        return self.system.drives[self.slots[self.trees.colour(tree)]]

    def advance(self) -> None:
        """b of the trees of the next order.

        Raises TooLargeError where they are too many.
        """
        n = self.order + 1
        if sum(map(sum, self.trees.palette.counts(n))) - 1 > LARGEST_TREES:
            raise TooLargeError(f"there are too many trees of order {n}")
        for tree in self.of_order(n - 1) if n > 1 else ():
            self._rows.append(self._row_weights(tree))
        self.trees.grow()
        for tree in self.of_order(n):
            self._by_subtrees[self._key(tree)] = tree
            self._products.append(self._product(tree))
            higher = self._higher_powers(tree)
            own = self._field_weight(tree, higher)
            self._powers.append([own, *higher])
            self.field.append(self._entry(own))

    # ------------------------------------------------------------------ rows and evaluations

    def _product(self, tree: int) -> dict[int, Weight]:
        """E([t1, ..., tm]) = Y(t1) ... Y(tm)."""
        left, right = self.trees.left[tree], self.trees.right[tree]
        if left < 0:
            return dict.fromkeys(self._members[tree], self._of(_ONE))
        rows = self._rows[right]
        return {i: self._dot([(one, rows[i])]) for i, one in self._products[left].items()}

    def _row_weights(self, tree: int) -> dict[int, Weight]:
        state, found = self.drives(tree), {}
        for i, stage in enumerate(self.system.stages):
            if stage.argument.state == state:
                held = stage.argument.values.items()
                past = [(self._of(one), self._flow(tree, -lag)) for lag, one in held if lag]
                found[i] = self._dot([*past, *self._added(stage.argument, tree)])
        return found

    def _added(self, part: Combination, tree: int) -> Iterator[tuple[Weight, Weight]]:
        """The products of sum_j B_j E_j(t)."""
        known = self._products[tree]
        return ((self._of(one), known[j]) for j, one in part.stages.items() if j in known)

    # ------------------------------------------------------------------ the flow

    def _field_weight(self, tree: int, higher: list[Weight]) -> Weight:
        """b(t) (1 + sum_l l V_l) = sum_l V_l rest_(-l)(t) + sum_j B_j E_j(t) - rest_1(t)."""
        state = self.drives(tree)
        new = self.targets[state]
        past = [(self._of(one), self._rest(higher, -lag)) for lag, one in new.values.items() if lag]
        minus = (self._of(_ONE.times(-1)), self._rest(higher, 1))
        wanted = self._dot([*past, *self._added(new, tree), minus])
        return self._dot([(wanted, self._of(self._inverses[state]))])

    def _flow_weight(self, tree: int, time: int) -> Weight:
        own, *higher = self._powers[tree]
        return self._dot([(own, self._of(_ONE.times(time))), *self._terms(higher, time)])

    def _rest(self, higher: list[Weight], time: int) -> Weight:
        """phi_time(t) without the term that has b(t)."""
        return self._dot(self._terms(higher, time))

    def _terms(self, higher: list[Weight], time: int) -> Iterator[tuple[Weight, Weight]]:
        """D_j(t) and s^j / j! from j = 2 on."""
        return (
            (power, self._of(Entry(Number.of(Fraction(time**j, factorial(j))))))
            for j, power in enumerate(higher, start=2)
        )

    def _higher_powers(self, tree: int) -> list[Weight]:
        """D_2(t), ..., D_|t|(t)."""
        cuts = [
            (self._powers[trunk], self._powers[branch][0]) for trunk, branch in self._cuts(tree)
        ]
        return [
            self._dot((trunk[j - 1], branch) for trunk, branch in cuts if j <= len(trunk))
            for j in range(1, self.trees.size(tree))
        ]

    def _cuts(self, tree: int) -> list[tuple[int, int]]:
        """For each edge, what is below it and what is above."""
        colour, subtrees = self.trees.colour(tree), self.trees.subtrees(tree)
        found = []
        for place, subtree in enumerate(subtrees):
            others = (*subtrees[:place], *subtrees[place + 1 :])
            found.append((self._by_subtrees[colour, *others], subtree))
            for trunk, branch in self._cuts(subtree):
                rest = sorted((*others, trunk))
                found.append((self._by_subtrees[colour, *rest], branch))
        return found

    def _key(self, tree: int) -> tuple[int, ...]:
        return (self.trees.colour(tree), *self.trees.subtrees(tree))


Flow = NumericalFlow[Number] | NumericalFlow[Rounded]


def numerical_flow(found: System) -> Flow:
    """Of no order yet. Raises UndefinedError where there is none."""
    return NumericalFlow(found, Balls(found)) if found.radii() else NumericalFlow(found, Exact())


def palette(found: System) -> Palette:
    """A colour for each slot; those that drive what a slot reads may grow on it."""
    reads, drives = found.reads, found.drives
    slots = list(reads)
    return Palette(
        tuple(slots),
        tuple(
            tuple(i for i, other in enumerate(slots) if drives[other] == reads[slot])
            for slot in slots
        ),
    )


def _inverse_slope(state: str, new: Combination) -> Entry:
    """1 / (1 + sum_l l V_l), that is 1 / rho'(1) where the new value has the coefficient 1."""
    slope = _ONE + total(one.times(lag) for lag, one in new.values.items())
    if slope.may_be(0):
        raise UndefinedError(
            f"{state}[n+1] does not tell how fast {state} moves: 1 is a double root of rho"
        )
    inverse = slope.value.inverse()
    size = inverse.magnitude()
    return Entry(inverse, slope.radius * size * size / (1 - slope.radius * size))
