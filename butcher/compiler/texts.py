"""The cells of a file as they are written: a scheme keeps their values and places only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from butcher.analysis.entry import Entry
from butcher.coefficient import Number
from butcher.compiler.reading import Reader, names
from butcher.compiler.spelling import Speller, Spelling
from butcher.frontend import tree
from butcher.frontend.parser import parse
from butcher.source import Span
from butcher.spec.scheme import Scheme


class Texts:
    """What is written in the cells of a file.

    at   the expression at each place; none where a cell was left out.
    """

    def __init__(self, scheme: Scheme) -> None:
        self.method, _ = parse(scheme.source)
        self.at = {found.span: found for found in _expressions(self.method)}
        self.speller = Speller(scheme.source, _values(scheme, self.method))
        self.symbols = {s.name for s in scheme.symbols}

    def text(self, span: Span) -> str:
        """What stands in a cell; of one that was left out, the `.` that could."""
        return self.speller.text(span) if span in self.at else "."

    def nearest(self, span: Span, wanted: Entry) -> Spelling:
        """What should stand there for it to have another value."""
        return self.speller.nearest(self.at.get(span), wanted)

    def is_symbolic(self, at: tree.Expression | None) -> bool:
        """Whether an expression depends on declared symbols."""
        return at is not None and not self.symbols.isdisjoint(names(at))


def _expressions(method: tree.Method | None) -> Iterator[tree.Expression]:
    for body in method.bodies if method is not None else ():
        rows: tuple[tree.Row, ...] = ()
        if isinstance(body, tree.Tableau):
            rows = *body.stages, *body.weights
        elif isinstance(body, tree.Multistep):
            rows = body.rows
        for row in rows:
            yield from row.cells if row.head is None else (row.head, *row.cells)


def _values(scheme: Scheme, method: tree.Method | None) -> Mapping[str, Number]:
    """What names stand for: constants, and the start values of symbols."""
    values = {s.name: s.start for s in scheme.symbols}
    for clause in method.clauses if method is not None else ():
        if isinstance(clause, tree.Let):
            values[clause.name.id] = Reader(scheme.source, values).value(clause.value)
    return values
