"""The cells of a body: every place of the text where a coefficient stands, or could."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from butcher.analysis.repair.tableau import Cell
from butcher.compiler.reading import text_at
from butcher.ir.graph import Graph
from butcher.source import Source, Span
from butcher.spec.scheme import Cell as WrittenCell
from butcher.spec.scheme import Multistep, RungeKutta, Tableau


def tableau_cells(body: RungeKutta, source: Source, graph: Graph) -> dict[Cell, Span]:
    """What stands in the rows of tableaus, and where: nodes, stages, weights, embedded weights.

    Of an explicit method, no `.` on and above the diagonal: these are none of its cells.
    """
    return dict(_Cells(body, source, graph).all())


def multistep_cells(body: Multistep) -> dict[Cell, Span]:
    """The entries of alpha, then of beta, as `butcher.analysis.repair.multistep` knows them."""
    rows = ("alpha", body.alpha), ("beta", body.beta)
    return {
        Cell(name, str(j), "", group): cell.place.span
        for group, (name, cells) in enumerate(rows)
        for j, cell in enumerate(cells)
    }


@dataclass
class _Cells:
    """The walk over a body; `groups` counts the rows of the text so far."""

    body: RungeKutta
    source: Source
    graph: Graph
    groups: int = 0

    def all(self) -> Iterator[tuple[Cell, Span]]:
        for tableau in self.body.tableaus:
            for i, stage in enumerate(tableau.stages):
                row = self.argument(tableau.slot, i)
                if row is None:
                    continue
                node = stage.node
                self.groups += 1
                if node is not None and self.is_node(row, node.place.span):
                    yield Cell(row, None, tableau.slot, self.groups), node.place.span
                yield from self.row(row, tableau, stage.cells, i)
            yield from self.under_the_rule(tableau)

    def under_the_rule(self, tableau: Tableau) -> Iterator[tuple[Cell, Span]]:
        (state,) = (e.state for e in self.graph.ode if tableau.slot in dict(e.slots))
        held = next(s.key for s in self.graph.states if s.name == state)
        outputs = dict(zip((s.key for s in self.graph.states), self.graph.outputs, strict=True))
        estimates = {e.state: e.row for e in self.graph.estimates}
        for key, cells in (
            (outputs[held], tableau.weights),
            (estimates.get(held), tableau.embedded),
        ):
            if key is not None and cells is not None:
                self.groups += 1
                yield from self.row(key, tableau, cells, len(cells))

    def row(
        self, key: str, tableau: Tableau, cells: tuple[WrittenCell, ...], before: int
    ) -> Iterator[tuple[Cell, Span]]:
        """The cells of a row; of an explicit method a `.` only for the stages `before` it."""
        for j, cell in enumerate(cells):
            is_written = text_at(self.source, cell.place.span) not in {"", "."}
            if is_written or j < before or not self.graph.is_explicit:
                source = self.evaluations[tableau.slot, j]
                yield Cell(key, source, tableau.slot, self.groups), cell.place.span

    def argument(self, slot: str, stage: int) -> str | None:
        """The row that the coefficients of a slot's stage stand in; None if nothing reads it."""
        for equation in self.graph.ode:
            if slot in dict(equation.slots):
                for reader, state in (pair for e in self.graph.ode for pair in e.slots):
                    if state == equation.state:
                        return self.graph.evaluation[self.evaluations[reader, stage]].argument
        return None

    @cached_property
    def evaluations(self) -> dict[tuple[str, int], str]:
        """(slot, stage) -> the key of the evaluation."""
        known = {(e.slot, e.span): e.key for e in self.graph.evaluations}
        return {
            (tableau.slot, i): known[tableau.slot, stage.place.span]
            for tableau in self.body.tableaus
            for i, stage in enumerate(tableau.stages)
        }

    def is_node(self, row: str, span: Span) -> bool:
        return any(e.argument == row and e.node == span for e in self.graph.evaluations)
