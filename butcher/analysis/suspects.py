"""Which one coefficient, if it alone is wrong, explains that an order is not reached.

In the lowest condition that fails, a cell x that no lower condition holds fast stands linearly:
the weight at two values of x gives the x that mends it, and the proof says whether that mends
every other condition as well. A printed table of high order has hundreds of conditions for some
dozens of cells, so a cell that mends them all is the one with the wrong digit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from butcher.analysis.entry import NotHomogeneousError, entry
from butcher.analysis.order import order
from butcher.analysis.proof import OrderResult
from butcher.analysis.ring import Ball
from butcher.coefficient import ONE, Coefficient, Number
from butcher.ir.graph import STEP, Graph, Row
from butcher.source import Span

MOST_CELLS = 200

LARGEST_WORK = 500_000_000
"""Nanoseconds, about, that the search may take; it ends with what it has found."""


@dataclass(frozen=True)
class Suspect:
    """A cell: with `mended` in place of `written` every condition holds.

    Both are free of h. Where decimals are rounded, `mended` is good to their digits.
    """

    row: str
    source: str
    written: Number
    mended: Number
    span: Span | None


def suspects(graph: Graph, wanted: Mapping[str, int]) -> tuple[Suspect, ...]:
    """The cells any one of which mends the method.

    wanted   the order that each new value and estimate is to have, by the key of its row.
    """
    if sum(len(row.terms) for row in graph.rows) > MOST_CELLS or not wanted:
        return ()
    return tuple(_Search(graph, wanted).suspects())


@dataclass
class _Search:
    graph: Graph
    wanted: Mapping[str, int]
    work: int = 0

    def suspects(self) -> Iterator[Suspect]:
        broken = [
            result
            for result in self.results(self.graph, max(self.wanted.values()))
            if result.outcome == "fails" and (result.order or 0) < self.wanted[result.key]
        ]
        if not broken:
            return
        first = min(broken, key=lambda result: result.order or 0)
        for row, place, written in _cells(self.graph):
            if self.work > LARGEST_WORK:
                return
            change = self.change(row, place, first)
            if change and self.holds(_changed(self.graph, row, place, change), first):
                term = row.terms[place]
                yield Suspect(row.key, term.source, written, written + change, term.span)

    def change(self, row: Row, place: int, first: OrderResult) -> Number | None:
        """By what the cell must change for the first broken condition, if it is free to."""
        failure = first.failures[0]
        results = self.results(_changed(self.graph, row, place, ONE), failure.order)
        other = next((r for r in results if r.key == first.key), None)
        if other is None or other.order != first.order:
            return None  # a lower condition holds the cell fast, or the change by 1 mends it
        now = next((f.got for f in other.failures if f.tree == failure.tree), failure.wanted)
        slope = _middle(now) - _middle(failure.got)
        return (failure.wanted - _middle(failure.got)) / slope if slope else None

    def holds(self, graph: Graph, first: OrderResult) -> bool:
        """Whether every order wanted is reached; seen from below, since most fail at once."""
        for up_to in range((first.order or 0) + 1, max(self.wanted.values()) + 1):
            for result in self.results(graph, up_to):
                if result.order is None or result.order < min(self.wanted[result.key], up_to):
                    return False
        return True

    def results(self, graph: Graph, up_to: int) -> list[OrderResult]:
        found = order(graph, up_to).each
        self.work += max((result.work for result in found.values()), default=0)
        return [result for key, result in found.items() if key in self.wanted]


def _cells(graph: Graph) -> Iterator[tuple[Row, int, Number]]:
    """The coefficients of evaluations: row, place in it, value without h."""
    for row in graph.rows:
        for place, term in enumerate(row.terms):
            if graph.is_value(term.source):
                continue
            try:
                yield row, place, entry(term.coefficient, 1).value
            except (NotHomogeneousError, ZeroDivisionError):
                continue


def _middle(weight: Number | Ball) -> Number:
    return Number.of(weight.middle) if isinstance(weight, Ball) else weight


def _changed(graph: Graph, row: Row, place: int, change: Number) -> Graph:
    term = row.terms[place]
    coefficient = term.coefficient + STEP * Coefficient.of(change)
    wrong = replace(term, coefficient=coefficient)
    terms = (*row.terms[:place], wrong, *row.terms[place + 1 :])
    changed = replace(row, terms=terms)
    return graph.changed(rows=[changed if r.key == row.key else r for r in graph.rows])
