"""The repairs of a method as its text would have them, the likeliest first.

Of several cells each of which would mend everything, the one whose text is nearest to what it
should say is the one with the mistake: a digit, a sign, a lost root, two cells exchanged. Then
come short numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from butcher.analysis.entry import NOTHING, Entry, entry
from butcher.analysis.order import OrderResult
from butcher.analysis.suspects import Repair, repairs
from butcher.analysis.tableau import Cell
from butcher.coefficient import shown
from butcher.compiler.cells import Texts, tableau_cells
from butcher.compiler.spelling import Spelling, is_decimal, oddness, plain
from butcher.errors import Suspect
from butcher.ir.graph import Graph
from butcher.source import Span
from butcher.spec.scheme import RungeKutta, Scheme


@dataclass(frozen=True)
class Mend:
    """A change of one cell, or of two together, with which everything holds.

    typed    for each of its cells what stands there and what to write, as text.
    is_node  whether it is a node that is changed, and no coefficient.
    """

    kind: str
    suspects: tuple[Suspect, ...]
    typed: tuple[tuple[str, str], ...]
    distance: int
    is_node: bool = False


@dataclass(frozen=True)
class Mends:
    """The likeliest first. `complete` if there are certainly no others of the kinds sought."""

    found: tuple[Mend, ...]
    complete: bool


def mends(
    scheme: Scheme, graph: Graph, wanted: Mapping[str, int], results: Mapping[str, OrderResult]
) -> Mends:
    """Of a tableau; `wanted` is empty where nothing is claimed."""
    assert isinstance(scheme.body, RungeKutta)
    places = tableau_cells(scheme.body, scheme.source, graph)
    found = repairs(graph, list(places), wanted, results)
    if not found.found:
        return Mends((), found.complete)
    texts = Texts(scheme)
    told = [_told(texts, places, graph, repair) for repair in found.found]
    return Mends(tuple(sorted(told, key=_likely)), found.complete)


def _likely(mend: Mend) -> tuple[int, int]:
    """Small changes first, then those that leave the simpler numbers behind."""
    odd = sum(oddness(new) - oddness(old) for old, new in mend.typed)
    return mend.distance, odd


def _told(texts: Texts, places: Mapping[Cell, Span], graph: Graph, repair: Repair) -> Mend:
    spans = [places[change.cell] for change in repair.changes]
    values = [_written(graph, change.cell) for change in repair.changes]
    if repair.kind == "swap":
        new = [_text(texts, span, value) for span, value in zip(spans, values, strict=True)][::-1]
        spellings = [Spelling(text, 1) for text in new]
    else:
        spellings = [
            texts.speller.nearest(texts.at.get(span), _mended(value, change.by))
            for span, value, change in zip(spans, values, repair.changes, strict=True)
        ]
    old = [_text(texts, span, value) for span, value in zip(spans, values, strict=True)]
    mended = [_mended(v, c.by) for v, c in zip(values, repair.changes, strict=True)]
    suspects = tuple(
        Suspect(span, text if is_decimal(text) else shown(value.value), _value(spelling, entry))
        for span, text, value, spelling, entry in zip(
            spans, old, values, spellings, mended, strict=True
        )
    )
    typed = tuple((text, spelling.text) for text, spelling in zip(old, spellings, strict=True))
    cost = max(s.distance for s in spellings)
    is_node = all(change.cell.source is None for change in repair.changes)
    return Mend(repair.kind, suspects, typed, cost, is_node)


def _value(spelling: Spelling, wanted: Entry) -> str:
    """The value to write: exact, or the decimal that is to stand there."""
    if is_decimal(spelling.text):
        return spelling.text
    return spelling.text if wanted.radius else shown(wanted.value)


def _mended(written: Entry, by: Entry) -> Entry:
    """Known to within what the conditions leave open; what was printed there is no guide."""
    return Entry(written.value + by.value, by.radius)


def _written(graph: Graph, cell: Cell) -> Entry:
    if cell.source is None:
        return next(
            entry(e.c, 0)
            for e in graph.evaluations
            if e.argument == cell.row and e.node is not None and e.c is not None
        )
    found = graph.row[cell.row].coefficients.get(cell.source)
    return NOTHING if found is None else entry(found, 1)


def _text(texts: Texts, span: Span, value: Entry) -> str:
    """What stands in a cell; of one that was left out, its value."""
    return texts.speller.text(span) if span in texts.at else plain(value)
