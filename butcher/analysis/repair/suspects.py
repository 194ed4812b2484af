"""Which one coefficient, if it alone is wrong, explains that an order is not reached.

A cell that mends a method must mend every condition that fails, and every written node. So a row
that does not sum to its node says by how much one of its cells must change; else the lowest
condition that fails says it, in which a cell stands linearly, or quadratically at most. What is
left after a few more conditions is proved. A printed table of high order has hundreds of
conditions for some dozens of cells, so a cell that mends them all is the one with the wrong digit.

Two cells of a row that were exchanged are found by exchanging them back; two wrong cells, if no
single one is to blame, where the rows say what they must be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, islice, product
from math import isqrt
from typing import Literal

from butcher.analysis.conditions.proof import OrderResult
from butcher.analysis.conditions.ring import Ball
from butcher.analysis.conditions.shapes import Shape, density
from butcher.analysis.consistency import RowSum
from butcher.analysis.entry import Entry
from butcher.analysis.limits import TooLargeError, UndefinedError
from butcher.analysis.repair.checks import Check, Checks
from butcher.analysis.repair.tableau import Cell, Change, Tableau, written
from butcher.coefficient import ONE, ZERO, Number
from butcher.ir.graph import Graph

MOST_CELLS = 400

Kind = Literal["one", "swap", "pair"]


@dataclass(frozen=True)
class Repair:
    """Changes of cells with which every condition holds, and every node is its row's sum.

    kind   one: a single cell; swap: two cells of a row exchanged; pair: two cells that are wrong.
    """

    kind: Kind
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Repairs:
    """What was found; `complete` unless the search was ended because it took too long."""

    found: tuple[Repair, ...]
    complete: bool


def repairs(
    graph: Graph,
    cells: Sequence[Cell],
    wanted: Mapping[str, int],
    results: Mapping[str, OrderResult],
) -> Repairs:
    """The repairs of a tableau, in the order in which they were found.

    cells    the coefficients and written nodes that there are in the text.
    wanted   the order that each new value and estimate is to have, by the key of its row; of
             none, where nothing is claimed, the rows that miss their nodes say what they can.
    results  what was proved of these.
    """
    if len(cells) > MOST_CELLS:
        return Repairs((), False)
    try:
        search = _Search(Tableau(graph, cells, max(wanted.values(), default=1)), wanted, results)
    except (UndefinedError, TooLargeError):
        return Repairs((), False)
    found = tuple(dict.fromkeys(search.repairs()))
    return Repairs(found, not search.checks.is_over)


class _Search:
    def __init__(
        self, tableau: Tableau, wanted: Mapping[str, int], results: Mapping[str, OrderResult]
    ) -> None:
        self.tableau, self.wanted = tableau, wanted
        self.broken = tableau.broken
        self.failing = [
            r
            for key, r in results.items()
            if key in wanted and r.outcome == "fails" and (r.order or 0) < wanted[key]
        ]
        self.first = min(((r.order or 0) + 1 for r in self.failing), default=1)
        self.checks = Checks(tableau, wanted, self.failing)
        self.passes = self.checks.passes
        self.unit, self.noise = self.checks.unit, self.checks.noise

    # ------------------------------------------------------------------ the ways

    def repairs(self) -> Iterator[Repair]:
        """Single cells and exchanges; pairs if there are none."""
        single = list(self.singles())
        yield from single
        if not single:
            yield from self.pairs()

    def singles(self) -> Iterator[Repair]:
        if not self.broken and not self.failing:
            return
        if not self.broken:
            yield from self.proved("one", ([c] for c in self.by_conditions()))
            yield from self.proved("swap", self.exchanged())
        elif len(self.broken) == 1:
            ((place, row_sum),) = self.broken.items()
            yield from self.proved("one", ([c] for c in self.by_row(place, row_sum)))
            yield from self.proved("swap", self.exchanged_node(place, row_sum))

    def by_row(self, place: tuple[str, str], row_sum: RowSum) -> Iterator[Change]:
        """The node, or a cell of the row: as much as is missing for the sum."""
        missing = Entry(-row_sum.residual.value, row_sum.residual.radius)
        for cell in self.row(place):
            yield Change(cell, row_sum.residual if cell.source is None else missing)

    def row(self, place: tuple[str, str]) -> list[Cell]:
        return [c for c in self.tableau.cells if (c.row, c.slot) == place]

    def by_conditions(self) -> Iterator[Change]:
        """Cells of rows whose node is not written, and weights: what the first conditions want."""
        free = [
            c
            for c in self.tableau.cells
            if c.source is not None and (c.row, c.slot) not in self.tableau.nodes
        ]
        matrix = self.checks.fixed
        gradients = [
            (check, self.checks.gradient(matrix, check.target, check.tree))
            for check in self.checks.failing[:4]
        ]
        for cell in free:
            slopes = [
                (check, matrix.slope(cell, g, check.target, check.tree)) for check, g in gradients
            ]
            yield from self.free(cell, [one for one in slopes if abs(one[1]) > self.noise])

    def free(self, cell: Cell, slopes: list[tuple[Check, int]]) -> Iterator[Change]:
        """What a cell has to change by; `slopes` are the derivatives of conditions by it."""
        slopes.sort(key=lambda one: Fraction(one[0].radius, abs(one[1])))
        for check, slope in slopes:
            by = check.missing * self.unit // slope
            if self.passes([(cell, by)], check):  # on which it is linear, so this is the only way
                if self.passes([(cell, by)]):
                    yield from self.solved(cell, check, by)
                return
        yield from self.curved(cell)

    def curved(self, cell: Cell) -> Iterator[Change]:
        """From a condition in which the cell stands quadratically; rational roots are found."""
        for check in self.checks.failing:
            plus, minus = (
                self.checks.fixed.changed([(cell, by)]).weight(check.target, check.tree)
                for by in (self.unit, -self.unit)
            )
            square, slope = (plus + minus) // 2 - check.got, (plus - minus) // 2
            if abs(square) < self.noise:
                continue
            under = slope * slope + 4 * square * check.missing
            for root in (isqrt(under), -isqrt(under)) if under >= 0 else ():
                by = (root - slope) * self.unit // (2 * square)
                if self.passes([(cell, by)]):
                    near = Fraction(by, self.unit).limit_denominator(
                        1 << self.checks.numbers.bits // 3
                    )
                    yield Change(cell, Entry(Number.of(near)))
            return

    def exchanged(self) -> Iterator[list[Change]]:
        """Two cells of a row of the text, neither of them its node."""
        for first, second in self.coefficients():
            one, other = written(self.tableau.graph, first), written(self.tableau.graph, second)
            changes = [Change(first, other - one), Change(second, one - other)]
            if one != other:
                yield [Change(c.cell, Entry(c.by.value)) for c in changes]

    def exchanged_node(self, place: tuple[str, str], row_sum: RowSum) -> Iterator[list[Change]]:
        """The node and a cell of its row."""
        nodes = [c for c in self.row(place) if c.source is None]
        for node, cell in product(nodes, self.row(place)):
            by = row_sum.c - written(self.tableau.graph, cell)
            if cell.source is not None and by.value:
                yield [Change(node, Entry(-by.value)), Change(cell, Entry(by.value))]

    def coefficients(self) -> Iterator[tuple[Cell, Cell]]:
        """Every two of a row of the text, none of them a node."""
        groups: dict[int, list[Cell]] = {}
        for cell in self.tableau.cells:
            if cell.source is not None:
                groups.setdefault(cell.group, []).append(cell)
        for group in groups.values():
            yield from combinations(group, 2)

    # ------------------------------------------------------------------ two wrong cells

    def pairs(self) -> Iterator[Repair]:
        """One cell in each of two rows that miss their nodes, or two cells of one such row."""
        if len(self.broken) == 2:
            rows = [list(self.by_row(place, found)) for place, found in self.broken.items()]
            yield from self.proved("pair", map(list, product(*rows)))
        elif len(self.broken) == 1:
            ((place, row_sum),) = self.broken.items()
            yield from self.proved("pair", self.two_of(place, row_sum))

    def two_of(self, place: tuple[str, str], row_sum: RowSum) -> Iterator[list[Change]]:
        """Two cells of a row. With all that is missing in one of them the row sums to its node;
        how much of it belongs to the other the lowest condition that then fails says.
        """
        cells = [c for c in self.row(place) if c.source is not None]
        missing = -row_sum.residual.value
        for number, first in enumerate(cells[:-1] if self.checks.others else ()):
            moved = self.checks.fixed.changed([(first, self.checks.numbers.of(missing))])
            failing = (
                c for c in self.checks.others if abs(moved.weight(c[0], c[1]) - c[2]) > self.noise
            )
            for target, tree, wanted in islice(failing, 2):
                off = wanted - moved.weight(target, tree)
                gradient = self.checks.gradient(moved, target, tree)
                slope = moved.slope(first, gradient, target, tree)
                for second in cells[number + 1 :]:
                    other = moved.slope(second, gradient, target, tree) - slope
                    by = off * self.unit // other if abs(other) > self.noise else 0
                    near = [(first, self.checks.numbers.of(missing) - by), (second, by)]
                    if by and self.passes(near):
                        yield self.shared(first, second, missing, target, tree)

    def shared(
        self, first: Cell, second: Cell, missing: Number, target: int, tree: Shape
    ) -> list[Change]:
        """The same, exactly: two values of the condition say where it is what it should be."""
        some, more = (
            self.checks.exact.changed([(first, missing - by), (second, by)]).weight(target, tree)
            for by in (ZERO, ONE)
        )
        by = (Number({1: 1}, density(tree)) - some) / (more - some)
        return [Change(first, Entry(missing - by)), Change(second, Entry(by))]

    # ------------------------------------------------------------------ what a change does

    def solved(self, cell: Cell, check: Check, by: int) -> Iterator[Change]:
        """The change itself, that was found in fixed-point; exact where the table is."""
        got = check.failure.got
        if isinstance(got, Ball):
            slope = self.slope_near(cell, check)
            if slope:
                radius = 2 * check.radius * self.unit // abs(slope)
                yield Change(
                    cell, Entry(self.checks.numbers.number(by), Fraction(radius + 1, self.unit))
                )
            return
        exact = self.slope(cell, check)
        if exact:
            yield Change(cell, Entry((check.failure.wanted - got) / exact))

    def slope_near(self, cell: Cell, check: Check) -> int:
        matrix = self.checks.fixed
        gradient = self.checks.gradient(matrix, check.target, check.tree)
        return matrix.slope(cell, gradient, check.target, check.tree)

    def slope(self, cell: Cell, check: Check) -> Number:
        """By how much the condition changes if the cell, on which it is linear, does by 1."""
        matrix = self.checks.exact
        changed = matrix.changed([(cell, ONE)])
        return changed.weight(check.target, check.tree) - matrix.weight(check.target, check.tree)

    def proved(self, kind: Kind, tries: Iterator[list[Change]]) -> Iterator[Repair]:
        """The changes that mend everything. Ends where the work is too much."""
        for changes in tries:
            if self.checks.is_over:
                return
            if self.mends(changes):
                yield Repair(kind, tuple(changes))

    def mends(self, changes: list[Change]) -> bool:
        if not self.tableau.keeps_nodes(changes):
            return False
        near = [(c.cell, self.checks.numbers.of(c.by.value)) for c in changes]
        if not all(c.cell.source is None for c in changes) and not self.passes(near):
            return False
        if not self.wanted:
            return True
        return self.tableau.reaches(self.wanted, changes, self.first)
