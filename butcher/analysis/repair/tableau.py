"""A method of one step as a system whose coefficients can be changed one by one, zeros included.

A graph has no zero terms; a cell that is zero, or was left out, is known by its row and source.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Generic

from butcher.analysis.conditions.proof import prove
from butcher.analysis.conditions.shapes import Shape
from butcher.analysis.conditions.system import Combination, System, system
from butcher.analysis.conditions.weights import N, Numbers, Weights
from butcher.analysis.consistency import RowSum, consistency
from butcher.analysis.entry import NOTHING, Entry, entry
from butcher.analysis.limits import TooLargeError
from butcher.coefficient import Coefficient
from butcher.ir.graph import Graph, Term


@dataclass(frozen=True)
class Cell:
    """What the evaluation `source` has in `row`; of no source, the node of the row.

    group   cells of one group stand in one row of the text.
    slot    whose tableau it stands in.
    """

    row: str
    source: str | None
    slot: str
    group: int


@dataclass(frozen=True)
class Change:
    """A cell, and what is to be added to it; a radius where the digits leave that open."""

    cell: Cell
    by: Entry


def written(graph: Graph, cell: Cell) -> Entry:
    """What stands in a cell, at the start values of the symbols."""
    if cell.source is None:
        return next(
            entry(e.c, 0)
            for e in graph.evaluations
            if e.argument == cell.row and e.node is not None and e.c is not None
        )
    found = graph.row[cell.row].coefficients.get(cell.source)
    return NOTHING if found is None else entry(found, 1)


class Tableau:
    """The method of a graph, over the cells of its text.

    Raises UndefinedError where order has no meaning.
    """

    def __init__(self, graph: Graph, cells: Sequence[Cell], up_to: int) -> None:
        self.graph, self.cells = graph, cells
        self.system = system(_with_zeros(graph, cells), up_to)
        if any(lag for part in self.parts for lag in part.values):
            raise TooLargeError("earlier values are not taken into account")
        self.columns = {s.evaluation: j for j, s in enumerate(self.system.stages)}
        self.slots = len(self.system.reads) > 1
        self.work = 0
        """About how many nanoseconds the proofs took."""

    @property
    def parts(self) -> list[Combination]:
        stages, targets = self.system.stages, self.system.targets
        return [*(s.argument for s in stages), *(t.combination for t in targets)]

    @cached_property
    def nodes(self) -> dict[tuple[str, str], RowSum]:
        """(row, slot) -> the written node and the sum of its row."""
        return {
            (found.row, found.slot): found
            for found in consistency(self.graph).row_sums
            if self.graph.evaluation[found.evaluation].node is not None
        }

    def stages(self, cell: Cell) -> tuple[int, ...]:
        """The stages whose argument the row of a cell is."""
        held = self.graph.evaluation
        stages = enumerate(self.system.stages)
        return tuple(i for i, s in stages if held[s.evaluation].argument == cell.row)

    def targets(self, cell: Cell) -> tuple[tuple[int, int], ...]:
        """The targets that the row of a cell is a part of, with its sign: b - err is one."""
        state = {t.key: t.combination.state for t in self.system.targets if t.kind == "advanced"}
        found = []
        for i, target in enumerate(self.system.targets):
            if target.key == cell.row:
                found.append((i, -1 if target.kind == "err" else 1))
            elif target.kind == "err" and state.get(cell.row) == target.combination.state:
                found.append((i, 1))
        return tuple(found)

    # ------------------------------------------------------------------ changed

    def changed(self, changes: Iterable[Change]) -> System:
        """The system with some cells changed."""
        stages, targets = list(self.system.stages), list(self.system.targets)
        for change in changes:
            if change.cell.source is None or change.cell.source not in self.columns:
                continue
            column = self.columns[change.cell.source]
            for i in self.stages(change.cell):
                argument = _added(stages[i].argument, column, change.by)
                stages[i] = replace(stages[i], argument=argument)
            for i, sign in self.targets(change.cell):
                by = change.by.times(sign)
                combination = _added(targets[i].combination, column, by)
                targets[i] = replace(targets[i], combination=combination)
        return replace(self.system, stages=tuple(stages), targets=tuple(targets))

    @cached_property
    def broken(self) -> dict[tuple[str, str], RowSum]:
        """The rows that do not sum to their nodes."""
        return {place: found for place, found in self.nodes.items() if not found.holds}

    def keeps_nodes(self, changes: Sequence[Change]) -> bool:
        """Whether every written node is then what its row sums to, to within its rounding."""
        touched: dict[tuple[str, str], Entry] = {}
        for change in changes:
            place = change.cell.row, change.cell.slot
            if place in self.nodes:
                before = touched.get(place, self.nodes[place].residual)
                is_node = change.cell.source is None
                touched[place] = before - change.by if is_node else before + change.by
        return all(residual.may_be(0) for residual in touched.values()) and all(
            place in touched for place in self.broken
        )

    def reaches(self, wanted: Mapping[str, int], changes: Sequence[Change], first: int) -> bool:
        """Whether all orders wanted are then proved; seen from below, since most fail at once."""
        found = self.changed(changes)
        most = max(wanted.values())
        for up_to in sorted({min(first, most), most}):
            results = prove(found, up_to)
            self.work += max(result.work for result in results)
            for result in results:
                if result.key in wanted and (result.order or 0) < min(wanted[result.key], up_to):
                    return False
        return True

    # ------------------------------------------------------------------ in numbers of one kind

    def matrix(self, numbers: Numbers[N]) -> Matrix[N]:
        rows = [
            {j: numbers.of(one.value) for j, one in part.stages.items() if one.value}
            for part in self.parts
        ]
        slots = [s.slot for s in self.system.stages]
        weights = Weights(list(zip(slots, rows, strict=False)), numbers, self.slots)
        return Matrix(self, weights, rows[len(slots) :])


class Matrix(Generic[N]):
    """The coefficients of a tableau in numbers of one kind."""

    def __init__(
        self, tableau: Tableau, weights: Weights[N], targets: Sequence[Mapping[int, N]]
    ) -> None:
        self.tableau = tableau
        self.weights = weights
        self.targets = targets

    def weight(self, target: int, tree: Shape) -> N:
        """What a target has of a tree."""
        return self.weights.of(self.targets[target], tree)

    def changed(self, changes: Iterable[tuple[Cell, N]]) -> Matrix[N]:
        """The matrix with something added to some cells."""
        stages: dict[int, Mapping[int, N]] = {}
        targets = list(self.targets)
        for cell, by in changes:
            column = self.tableau.columns.get(cell.source or "")
            if column is None:
                continue
            for i in self.tableau.stages(cell):
                stages[i] = self._added(stages.get(i, self.weights.stages[i][1]), column, by)
            for i, sign in self.tableau.targets(cell):
                targets[i] = self._added(targets[i], column, by if sign > 0 else -by)
        weights = self.weights
        if stages:
            rows = [(slot, stages.get(i, row)) for i, (slot, row) in enumerate(weights.stages)]
            weights = Weights(rows, weights.numbers, weights.slots)
        return Matrix(self.tableau, weights, targets)

    def _added(self, row: Mapping[int, N], column: int, by: N) -> Mapping[int, N]:
        return {**row, column: row.get(column, self.weights.numbers.zero) + by}

    def slope(
        self, cell: Cell, gradient: Mapping[tuple[int, int], N], target: int, tree: Shape
    ) -> N:
        """The derivative of a weight by a cell; `gradient` is the weight's by all stages' rows."""
        zero = self.weights.numbers.zero
        column = self.tableau.columns.get(cell.source or "")
        total = zero
        if column is None:
            return total
        for i in self.tableau.stages(cell):
            total = total + gradient.get((i, column), zero)
        for i, sign in self.tableau.targets(cell):
            if i == target:
                one = self.weights.product(tree)[column]
                total = total + (one if sign > 0 else -one)
        return total


def _with_zeros(graph: Graph, cells: Sequence[Cell]) -> Graph:
    """The graph with a zero term for every cell that has none."""
    rows = dict(graph.row)
    for cell in cells:
        row = rows[cell.row]
        if cell.source is not None and cell.source not in row.coefficients:
            rows[cell.row] = replace(row, terms=(*row.terms, Term(cell.source, Coefficient.of(0))))
    return graph.changed(rows=rows.values())


def _added(part: Combination, column: int, by: Entry) -> Combination:
    total = part.stages.get(column, NOTHING) + by
    return replace(part, stages={**part.stages, column: total})
