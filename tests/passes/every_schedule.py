"""Every schedule of a small graph, one after the other: how few maps any of them carries."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from butcher.coefficient import Coefficient
from butcher.ir.graph import Graph, Row, Term
from butcher.ir.sums import sums


@dataclass(frozen=True)
class Edge:
    """A value that has to be added to a sum.

    arrives  the first evaluation during which the value is there.
    part     the sum, one for each time that its row is computed.
    due      the evaluation that the row has to be ready for; the end is the last.
    """

    value: str
    arrives: int
    part: tuple[int, str]
    due: int


@dataclass(frozen=True)
class Made:
    """A row as it is read by one evaluation, or returned: which one, and when it is due."""

    number: int
    row: Row
    due: int


class Search:
    """At every evaluation each value that is known may be added to each sum that reads it, or
    not yet; a row that is read again may be kept, or made once more.

    A value is held until it has been added to all, a sum from the first value added to it. A
    schedule is known by which additions are done when; all sequences of growing sets are followed.
    """

    def __init__(self, graph: Graph, tensors: Collection[str]) -> None:
        self.graph = graph
        self.made = list(self._made())
        self.parts = {
            (made.number, part.key): part
            for made in self.made
            for part in sums(graph, made.row, tensors)
        }
        self.edges = list(self._edges())

    def _made(self) -> Iterator[Made]:
        end = len(self.graph.evaluations)
        uses = [(e.argument, i) for i, e in enumerate(self.graph.evaluations)]
        uses += dict.fromkeys((key, end) for key in self.graph.outputs)
        uses += [(estimate.row, end) for estimate in self.graph.estimates]
        for number, (key, due) in enumerate(dict.fromkeys(uses)):
            alone = Row(key, (Term(key, Coefficient.of(1)),))
            yield Made(number, self.graph.row.get(key, alone), due)

    def _edges(self) -> Iterator[Edge]:
        for made in self.made:
            for key, part in self.parts.items():
                if key[0] == made.number:
                    for term in part.terms:
                        arrival = self.graph.arrival[term.source] - len(self.graph.states)
                        yield Edge(term.source, max(arrival + 1, 0), key, made.due)

    def fewest(self) -> list[int]:
        """For each evaluation, over all schedules."""
        every = [self._with_kept(kept) for kept in self._choices()]
        return [min(counts) for counts in zip(*every, strict=True)]

    def _choices(self) -> Iterator[set[int]]:
        """Which of the rows that are read again are kept from the time before."""
        again = [
            made.number
            for made in self.made
            if made.row.only_source is None and self._before(made) is not None
        ]
        for choice in product((False, True), repeat=len(again)):
            yield {number for number, is_kept in zip(again, choice, strict=True) if is_kept}

    def _before(self, made: Made) -> Made | None:
        sooner = [m for m in self.made if m.row.key == made.row.key and m.due < made.due]
        return sooner[-1] if sooner else None

    def _with_kept(self, kept: set[int]) -> list[int]:
        edges = [edge for edge in self.edges if edge.part[0] not in kept]
        spans = [(b.due, m.due) for m in self.made if m.number in kept and (b := self._before(m))]
        done, counts = {frozenset[Edge]()}, []
        for position in range(len(self.graph.evaluations)):
            done = {after for before in done for after in _grown(before, edges, position)}
            rows = sum(begin <= position < end for begin, end in spans)
            counts.append(rows + min(_maps(one, edges, position) for one in done))
        return counts


def _grown(
    before: frozenset[Edge], edges: Sequence[Edge], position: int
) -> Iterator[frozenset[Edge]]:
    """With any of the additions that can be done by now, and all that are due."""
    can = [e for e in edges if e not in before and e.arrives <= position < e.due]
    due = {e for e in edges if e.due <= position}
    for choice in product((False, True), repeat=len(can)):
        yield before | due | {e for e, is_done in zip(can, choice, strict=True) if is_done}


def _maps(done: frozenset[Edge], edges: Sequence[Edge], position: int) -> int:
    """Values that are still to be added to something, and sums that something was added to."""
    to_come = [e for e in edges if e.due > position]
    values = {e.value for e in to_come if e not in done and e.arrives <= position}
    return len(values) + len({e.part for e in to_come if e in done})
