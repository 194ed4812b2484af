"""The B-series of a method, and the vector field whose exact flow takes its steps.

A map u -> sum_t h^|t| a(t) / sigma(t) F(t)(u) is known by its weights a. The flow of the field

    h f_h = sum_t h^|t| b(t) / sigma(t) F(t)

at the time s, in steps, has the weights (Hairer, Lubich, Wanner, Geometric Numerical Integration,
IX.9.1; by theirs and by ours a tree is cut at one of its edges into trunk and branch)

    phi_s(t) = sum_j s^j / j! D_j(t)     D_1 = b     D_j(t) = sum_edges D_(j-1)(trunk) b(branch)

and b(t) stands in D_1(t) alone: the others need smaller trees. So that a new value

    sum_l V_l u[n-l] + h sum_j B_j k_j

be phi_1(u[n]) if every u[n-l] is phi_(-l)(u[n]), one linear equation a tree gives b(t). Of a
one-step method that is the modified equation. Of a method with earlier values it is that of its
underlying one-step method (ibid., XV.2), which exists where 1 + sum_l l V_l is not zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from math import factorial

from butcher.analysis.entry import NOTHING, Entry, total
from butcher.analysis.limits import TooLargeError, UndefinedError
from butcher.analysis.ring import places
from butcher.analysis.system import Combination, System
from butcher.analysis.trees import Palette, Trees
from butcher.coefficient import ONE, Number

LARGEST_TREES = 2_000
"""Of all orders together; with one slot, order 8 has 200 and order 10 has 1,205."""

_ONE = Entry(ONE)


class NumericalFlow:
    """The weights of a method tree by tree, order by order: `advance` adds the next order.

    trees     those so far; a colour for each slot.
    field     b(t), by tree. The field that drives a state is made of the trees whose root does.
    """

    def __init__(self, found: System) -> None:
        self.system = found
        self.slots = list(found.reads)
        self.trees = Trees(palette(found))
        self.field: list[Entry] = []
        self.targets = {t.combination.state: t.combination for t in found.targets}
        self.slopes = {state: _slope(state, new) for state, new in self.targets.items()}
        self._members = [
            [i for i, stage in enumerate(found.stages) if stage.slot == slot] for slot in self.slots
        ]
        self._products: list[dict[int, Entry]] = []
        """E(t) of the stages of the root's slot."""
        self._rows: list[dict[int, Entry]] = []
        """Y(t) of the stages that read what the root drives; an order behind the products."""
        self._powers: list[list[Entry]] = []
        """D_1(t), D_2(t), ..., as far as they are not zero."""
        self._by_subtrees: dict[tuple[int, ...], int] = {}
        self._flow = cache(self._flow_weight)

    @property
    def order(self) -> int:
        return self.trees.size(len(self.trees) - 1) if len(self.trees) else 0

    def weight(self, tree: int, time: int = 1) -> Entry:
        """phi_time(t). At time 1 it is what the new value has of the tree."""
        return self._flow(tree, time)

    def of_order(self, order: int) -> Iterable[int]:
        """The trees of one order, root colours one after the other."""
        return (tree for colour in range(len(self.slots)) for tree in self.trees.of(order, colour))

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
            self._powers.append([NOTHING, *self._higher_powers(tree)])
            self._powers[tree][0] = self._field_weight(tree)
            self.field.append(self._powers[tree][0])

    # ------------------------------------------------------------------ rows and evaluations

    def drives(self, tree: int) -> str:
        """The state that the root drives."""
        return self.system.drives[self.slots[self.trees.colour(tree)]]

    def _product(self, tree: int) -> dict[int, Entry]:
        """E([t1, ..., tm]) = Y(t1) ... Y(tm)."""
        left, right = self.trees.left[tree], self.trees.right[tree]
        if left < 0:
            return dict.fromkeys(self._members[tree], _ONE)
        rows = self._rows[right]
        factors = ((i, one, rows[i]) for i, one in self._products[left].items())
        return {i: product(one, row) for i, one, row in factors if row != NOTHING}

    def _row_weights(self, tree: int) -> dict[int, Entry]:
        state, found = self.drives(tree), {}
        for i, stage in enumerate(self.system.stages):
            if stage.argument.state == state:
                held = stage.argument.values.items()
                past = dot((one, self._flow(tree, -lag)) for lag, one in held if lag)
                found[i] = past + self._added(stage.argument, tree)
        return found

    def _added(self, part: Combination, tree: int) -> Entry:
        """sum_j B_j E_j(t)."""
        known = self._products[tree]
        return dot((one, known[j]) for j, one in part.stages.items() if j in known)

    # ------------------------------------------------------------------ the flow

    def _field_weight(self, tree: int) -> Entry:
        """b(t) (1 + sum_l l V_l) = sum_l V_l rest_(-l)(t) + sum_j B_j E_j(t) - rest_1(t)."""
        state = self.drives(tree)
        new = self.targets[state]
        past = dot((one, self._rest(tree, -lag)) for lag, one in new.values.items() if lag)
        wanted = past + self._added(new, tree) - self._rest(tree, 1)
        return quotient(wanted, self.slopes[state])

    def _flow_weight(self, tree: int, time: int) -> Entry:
        return product(self.field[tree], Entry(ONE * time)) + self._rest(tree, time)

    def _rest(self, tree: int, time: int) -> Entry:
        """phi_time(t) without the term that has b(t)."""
        return dot(
            (power, Entry(ONE * Fraction(time**j, factorial(j))))
            for j, power in enumerate(self._powers[tree][1:], start=2)
        )

    def _higher_powers(self, tree: int) -> list[Entry]:
        """D_2(t), ..., D_|t|(t)."""
        parts = self._cuts(tree)
        found = []
        for j in range(1, self.trees.size(tree)):
            pieces = (
                (self._powers[trunk][j - 1], self.field[branch])
                for trunk, branch in parts
                if j <= len(self._powers[trunk])
            )
            found.append(dot(pieces))
        return found

    def _cuts(self, tree: int) -> list[tuple[int, int]]:
        """For each edge, what is below it and what is above."""
        colour, subtrees = self._key(tree)[0], self.trees.subtrees(tree)
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


def _slope(state: str, new: Combination) -> Entry:
    """1 + sum_l l V_l: rho'(1) of a multistep method whose new value has the coefficient 1."""
    found = _ONE + total(one.times(lag) for lag, one in new.values.items())
    if found.may_be(0):
        raise UndefinedError(
            f"{state}[n+1] does not tell how fast {state} moves: 1 is a double root of rho"
        )
    return found


# ---------------------------------------------------------------------- rounded weights


def product(left: Entry, right: Entry) -> Entry:
    return dot([(left, right)])


def dot(pairs: Iterable[tuple[Entry, Entry]]) -> Entry:
    """The sum of the products; a rounded one to as many places as its rounding leaves of use."""
    found = total(left.product(right) for left, right in pairs)
    if not found.radius:
        return found
    bits = places(found.radius)
    radius = found.radius * (1 << bits)
    above = -(-radius.numerator // radius.denominator) + 1
    middle = Fraction(found.value.scaled(bits), 1 << bits)
    return Entry(Number.of(middle), Fraction(above, 1 << bits))


def quotient(left: Entry, right: Entry) -> Entry:
    """left / right; `right` may not be zero, within its rounding."""
    inverse = right.value.inverse()
    if not right.radius:
        return product(left, Entry(inverse))
    size = inverse.magnitude()
    return product(left, Entry(inverse, right.radius * size * size / (1 - right.radius * size)))
