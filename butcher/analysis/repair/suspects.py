"""Which one coefficient, if it alone is wrong, explains that an order is not reached.

A cell that mends a method must mend every condition that fails, and every written node. So a row
that does not sum to its node says by how much one of its cells must change; else the lowest
condition that fails says it, in which a cell stands linearly, or quadratically at most. What is
left after a few more conditions (`checks`) is proved. A printed table of high order has hundreds of
conditions for some dozens of cells, so a cell that mends them all is the one with the wrong digit.

Two cells of a row that were exchanged are found by exchanging them back; two wrong cells, if no
single one is to blame, where the rows say what they must be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby, product
from typing import Literal

from butcher.analysis.conditions.proof import OrderResult
from butcher.analysis.consistency import RowSum
from butcher.analysis.entry import Entry
from butcher.analysis.limits import TooLargeError, UndefinedError
from butcher.analysis.repair.checks import Checks, short_of
from butcher.analysis.repair.tableau import Cell, Change, Tableau, written
from butcher.analysis.repair.values import from_conditions, shared
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
    """The ways to mend a tableau, each proved before it is told."""

    def __init__(
        self, tableau: Tableau, wanted: Mapping[str, int], results: Mapping[str, OrderResult]
    ) -> None:
        self.tableau, self.wanted = tableau, wanted
        self.broken = tableau.broken
        self.failing = short_of(wanted, results)
        self.first = min(((r.order or 0) + 1 for r in self.failing), default=1)
        self.checks = Checks(tableau, wanted, self.failing)

    def repairs(self) -> Iterator[Repair]:
        """Single cells and exchanges; pairs if there are none."""
        single = list(self.singles())
        yield from single
        if not single:
            yield from self.pairs()

    def singles(self) -> Iterator[Repair]:
        """One cell, or one exchange; none where two rows miss their nodes."""
        if not self.broken and not self.failing:
            return
        if not self.broken:
            yield from self.proved("one", ([c] for c in from_conditions(self.checks)))
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

    def exchanged(self) -> Iterator[list[Change]]:
        """Two cells of a row of the text, neither of them its node."""
        graph = self.tableau.graph
        coefficients = (c for c in self.tableau.cells if c.source is not None)
        for _, row in groupby(coefficients, lambda cell: cell.group):
            for first, second in combinations(row, 2):
                by = (written(graph, second) - written(graph, first)).value
                if by:
                    yield [Change(first, Entry(by)), Change(second, Entry(-by))]

    def exchanged_node(self, place: tuple[str, str], row_sum: RowSum) -> Iterator[list[Change]]:
        """The node and a cell of its row."""
        nodes = [c for c in self.row(place) if c.source is None]
        for node, cell in product(nodes, self.row(place)):
            by = (row_sum.c - written(self.tableau.graph, cell)).value
            if cell.source is not None and by:
                yield [Change(node, Entry(-by)), Change(cell, Entry(by))]

    def pairs(self) -> Iterator[Repair]:
        """One cell in each of two rows that miss their nodes, or two cells of one such row."""
        if len(self.broken) == 2:
            rows = [list(self.by_row(place, found)) for place, found in self.broken.items()]
            yield from self.proved("pair", map(list, product(*rows)))
        elif len(self.broken) == 1:
            ((place, row_sum),) = self.broken.items()
            cells = [c for c in self.row(place) if c.source is not None]
            yield from self.proved("pair", shared(self.checks, cells, -row_sum.residual.value))

    def proved(self, kind: Kind, tries: Iterator[list[Change]]) -> Iterator[Repair]:
        """The changes that mend everything. Ends where the work is too much."""
        for changes in tries:
            if self.checks.is_over:
                return
            if self.mends(changes):
                yield Repair(kind, tuple(changes))

    def mends(self, changes: list[Change]) -> bool:
        """Whether everything holds then; the cheap conditions come first."""
        if not self.tableau.keeps_nodes(changes):
            return False
        near = [(c.cell, self.checks.numbers.of(c.by.value)) for c in changes]
        if not all(c.cell.source is None for c in changes) and not self.checks.passes(near):
            return False
        if not self.wanted:
            return True
        return self.tableau.reaches(self.wanted, changes, self.first)
