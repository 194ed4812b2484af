"""The cells of a body: every place of the text where a coefficient stands, or could."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from butcher.analysis.entry import Entry
from butcher.analysis.repair.tableau import Cell
from butcher.coefficient import Number
from butcher.compiler.literals import plain
from butcher.compiler.spelling import Speller, Spelling
from butcher.frontend import tree
from butcher.frontend.parser import parse
from butcher.ir.graph import Graph
from butcher.source import Source, Span
from butcher.spec.scheme import Cell as WrittenCell
from butcher.spec.scheme import Multistep, RungeKutta, Scheme, Tableau


def tableau_cells(body: RungeKutta, source: Source, graph: Graph) -> dict[Cell, Span]:
    """What stands in the rows of tableaus, and where: nodes, stages, weights, embedded weights.

    Of an explicit method, no `.` on and above the diagonal: these are none of its cells.
    """
    return dict(_Cells(body, Speller(source, {}), graph).all())


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
    body: RungeKutta
    speller: Speller
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
                    yield self.cell(row, None, tableau.slot), node.place.span
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
        """The cells of a row; if explicit, no `.` of the stages `before` which it stands not."""
        for j, cell in enumerate(cells):
            source = self.evaluation(tableau.slot, j)
            is_written = self.speller.text(cell.place.span) not in {"", "."}
            if is_written or j < before or not self.graph.is_explicit:
                yield self.cell(key, source, tableau.slot), cell.place.span

    def cell(self, row: str, source: str | None, slot: str) -> Cell:
        return Cell(row, source, slot, self.groups)

    def argument(self, slot: str, stage: int) -> str | None:
        """The row that the coefficients of a slot's stage stand in; None if nothing reads it."""
        for equation in self.graph.ode:
            if slot in dict(equation.slots):
                for reader, state in (pair for e in self.graph.ode for pair in e.slots):
                    if state == equation.state:
                        return self.graph.evaluation[self.evaluation(reader, stage)].argument
        return None

    def evaluation(self, slot: str, stage: int) -> str:
        return self.evaluations[slot, stage]

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


# ---------------------------------------------------------------------- their expressions


class Texts:
    """What is written in the cells of a file: its text again, since a scheme has none."""

    def __init__(self, scheme: Scheme) -> None:
        self.method, _ = parse(scheme.source)
        method = self.method
        self.at: dict[Span, tree.Expression] = {}
        for body in method.bodies if method is not None else ():
            if isinstance(body, tree.Tableau):
                rows = (*body.stages, *body.weights)
            else:
                rows = body.rows if isinstance(body, tree.Multistep) else ()
            for row in rows:
                for expression in row.cells if row.head is None else (row.head, *row.cells):
                    self.at[expression.span] = expression
        lets = [c for c in method.clauses if isinstance(c, tree.Let)] if method else []
        self.speller = Speller(scheme.source, _values(scheme, lets))
        self.symbols = {s.name for s in scheme.symbols}

    def text(self, span: Span, value: Entry) -> str:
        """What stands in a cell; of one that was left out, its value."""
        return self.speller.text(span) if span in self.at else plain(value)

    def nearest(self, span: Span, wanted: Entry) -> Spelling:
        """What should stand there for it to have another value."""
        return self.speller.nearest(self.at.get(span), wanted)

    def is_symbolic(self, at: tree.Expression | None) -> bool:
        """Whether an expression depends on declared symbols."""
        return not self.symbols.isdisjoint(self.speller.names(at))


def _values(scheme: Scheme, lets: list[tree.Let]) -> Mapping[str, Number]:
    """What names stand for: constants, and the start values of symbols."""
    values = {s.name: s.start for s in scheme.symbols}
    for let in lets:
        values[let.name.id] = Speller(scheme.source, values).value(let.value)
    return values
