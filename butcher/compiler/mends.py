"""The repairs of a method as its text would have them, the likeliest first.

Of several cells each of which would mend everything, the one whose text is nearest to what it
should say is the one with the mistake: a digit, a sign, a lost root, two cells exchanged. Then
come short numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from butcher.analysis.conditions.order import Orders
from butcher.analysis.consistency import consistency
from butcher.analysis.entry import Entry
from butcher.analysis.repair.multistep import multistep_repairs
from butcher.analysis.repair.suspects import Kind, Repair, Repairs, repairs
from butcher.analysis.repair.tableau import Cell, written
from butcher.coefficient import Number, shown
from butcher.compiler.cells import multistep_cells, tableau_cells
from butcher.compiler.claims import written_formula
from butcher.compiler.literals import is_decimal, oddness, plain
from butcher.compiler.spelling import Spelling
from butcher.compiler.terms import factor_of, wrong_terms
from butcher.compiler.texts import Texts
from butcher.errors import Suspect
from butcher.ir.graph import Graph
from butcher.source import Span
from butcher.spec.scheme import Multistep, RungeKutta, Scheme


@dataclass(frozen=True)
class Mend:
    """A change of one cell, or of two together, with which everything holds.

    typed     for each of its cells what stands there and what to write, as text.
    distance  in characters.
    odder     how much less likely its numbers are than those that stand there.
    is_node   whether it is a node that is changed, and no coefficient.
    """

    kind: Kind
    suspects: tuple[Suspect, ...]
    typed: tuple[tuple[str, str], ...]
    distance: int
    odder: int
    is_node: bool = False


@dataclass(frozen=True)
class Mends:
    """The likeliest first. `complete` if there are certainly no others of the kinds sought."""

    found: tuple[Mend, ...]
    complete: bool


def mends(scheme: Scheme, graph: Graph, wanted: dict[str, int], orders: Orders) -> Mends:
    """What mends a method; `wanted` is empty where nothing is claimed."""
    match scheme.body:
        case RungeKutta():
            places = tableau_cells(scheme.body, scheme.source, graph)
            found = repairs(graph, list(places), wanted, orders.each)
            before = {cell: Entry(written(graph, cell).value) for cell in places}
        case Multistep():
            places = multistep_cells(scheme.body)
            method = written_formula(scheme)
            found = Repairs(multistep_repairs(method, max(wanted.values())), True)
            before = {
                cell: Entry(value.value)
                for cell, value in zip(places, (*method.alpha, *method.beta), strict=True)
            }
        case _:
            texts = Texts(scheme)
            terms = wrong_terms(scheme, graph, wanted, orders)
            return Mends(_ranked(_term(texts, *term) for term in terms), False)
    if not found.found:
        return Mends((), found.complete)
    texts = Texts(scheme)
    told = (_told(texts, places, before, repair) for repair in found.found)
    return Mends(_ranked(told), found.complete)


def off_rows(scheme: Scheme, graph: Graph) -> tuple[Suspect, ...]:
    """Where no cell is known: nodes that are not row sums, then weights that do not sum to one."""
    if not isinstance(scheme.body, RungeKutta):
        return ()
    facts = consistency(graph)
    nodes = {graph.evaluation[r.evaluation].node: r for r in facts.row_sums if not r.holds}
    found = [
        Suspect(span, shown(r.c.value, LONGEST_VALUE), shown(r.sum.value, LONGEST_VALUE))
        for span, r in nodes.items()
        if span is not None
    ]
    place = {tableau.slot: tableau for tableau in scheme.body.tableaus}
    for advance in facts.advances:
        main, embedded = place[advance.slot].weights_place, place[advance.slot].embedded_place
        held = main if advance.row in graph.outputs else embedded
        if held is not None and not advance.holds:
            value = shown(advance.sum.value, LONGEST_VALUE)
            found.append(Suspect(held.span, value, str(advance.wanted)))
    return tuple(found)


def _ranked(found: Iterable[Mend]) -> tuple[Mend, ...]:
    return tuple(sorted(found, key=_likely))


def _likely(mend: Mend) -> tuple[int, int]:
    """Small changes first, then those that leave the likelier numbers behind."""
    return mend.distance, mend.odder


def _odder(typed: Iterable[tuple[str, str]]) -> int:
    """By how much the numbers look less like what somebody meant than before."""
    return sum(oddness(new) - oddness(old) for old, new in typed)


def _rarer(before: Entry, after: Entry, cells: Mapping[Cell, Entry]) -> int:
    """Tableaus repeat their numbers, so one that stands elsewhere is likelier to be right."""
    values = [one.value for one in cells.values()]
    return ALONE * ((values.count(before.value) > 1) - (after.value in values))


ALONE = 6
"""What it counts that a number stands nowhere else, beside the length of its text."""

EXCHANGED = -6
"""An exchange changes no number. That one should mend a method by chance is less likely than that
one of many other digits does."""

LONGEST_VALUE = 2000
"""Characters of an exact number in a list of suspects."""


def _told(
    texts: Texts, places: Mapping[Cell, Span], before: Mapping[Cell, Entry], repair: Repair
) -> Mend:
    """A repair as changes of the text."""
    cells = [change.cell for change in repair.changes]
    spans = [places[cell] for cell in cells]
    was = [before[cell] for cell in cells]
    meant = [value + change.by for value, change in zip(was, repair.changes, strict=True)]
    old = [texts.text(span) for span in spans]
    if repair.kind == "swap":
        new, distance, odder = old[::-1], 1, EXCHANGED
    else:
        nearest = [texts.nearest(span, value) for span, value in zip(spans, meant, strict=True)]
        new, distance = [one.text for one in nearest], sum(one.distance for one in nearest)
        rarer = (_rarer(*values, before) for values in zip(was, meant, strict=True))
        odder = _odder(zip(old, new, strict=True)) + sum(rarer)
    as_text = any(texts.is_symbolic(texts.at.get(span)) for span in spans)
    suspects = tuple(
        Suspect(span, _value(old[i], was[i], as_text), _value(new[i], meant[i], as_text))
        for i, span in enumerate(spans)
    )
    if repair.kind != "swap":
        new = [_left_out(texts, places, cell) + text for cell, text in zip(cells, new, strict=True)]
    is_node = all(cell.source is None for cell in cells)
    odder += is_node  # a row has one node, and many other cells
    typed = tuple(zip(old, new, strict=True))
    return Mend(repair.kind, suspects, typed, distance, odder, is_node)


def _left_out(texts: Texts, places: Mapping[Cell, Span], cell: Cell) -> str:
    """A `.` for each cell before this one that was left out at the end of the same row."""
    here = [other for other, span in places.items() if span == places[cell]]
    return ". " * here.index(cell) if places[cell] not in texts.at else ""


def _term(texts: Texts, span: Span, factor: Number) -> Mend:
    """A term of an update equation: the number before it, or a factor that it should have."""
    speller = texts.speller
    found = factor_of(texts.method, span)
    if found is None:
        text = speller.text(span)
        typed = text, f"{factor}*{text}"
        return Mend("one", (Suspect(span, "1", str(factor)),), (typed,), len(typed[1]), 0)
    value = speller.value(found.at)
    mended = Entry(value / factor if found.below else value * factor)
    old, new = speller.text(found.at.span), speller.nearest(found.at, mended)
    as_text = texts.is_symbolic(found.at)
    if as_text and new.text == plain(mended):  # without the step, or what else it is made of
        new = Spelling(f"{factor}*{old}", len(str(factor)) + 1)
    suspect = Suspect(
        found.at.span, _value(old, Entry(value), as_text), _value(new.text, mended, as_text)
    )
    typed = old, new.text
    return Mend("one", (suspect,), (typed,), new.distance, _odder([typed]))


def _value(text: str, value: Entry, as_text: bool) -> str:
    """Exact, or the decimal that stands there; what is rounded is known by its text alone."""
    if as_text or is_decimal(text) or value.radius:
        return text
    return shown(value.value, LONGEST_VALUE)
