"""A row as the sums that are kept while its evaluations come in.

    Y = u + h (a_1 k_1 + a_2 k_2)

Where h is a plain number, the row is one sum, to which each k is added when it is there. Where h
is trained, its gradient needs the sum of the k before it is multiplied: the row is the sum `u`
and, apart from it, the sum `a_1 k_1 + a_2 k_2`, which is multiplied by h at the end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from butcher.coefficient import Coefficient, Number, Variable
from butcher.ir.graph import Graph, Row, Term
from butcher.ir.steps import without_step


@dataclass(frozen=True)
class Sum:
    """factor * (the sum of the terms), a part of the row `row`.

    key     its own: that of the row for the sum that becomes the row.
    factor  a trained number that multiplies all of it in the end; None for the row's own sum.
    terms   states first, then evaluations in the order of the graph, without the factor.
    """

    key: str
    row: str
    factor: Coefficient | None
    terms: tuple[Term, ...]

    @property
    def is_value(self) -> bool:
        """Whether it is exactly one value, so that nothing has to be added up."""
        return len(self.terms) == 1 and self.factor is None and self.terms[0].coefficient == 1


def computed_rows(graph: Graph) -> Iterator[Row]:
    """The rows that a block computes, each once: those that are read, and not exactly one value."""
    read = [e.argument for e in graph.evaluations]
    read += [*graph.outputs, *(estimate.row for estimate in graph.estimates)]
    rows = (graph.row[key] for key in dict.fromkeys(read) if key in graph.row)
    return (row for row in rows if row.only_source is None)


def computed_sums(graph: Graph, tensors: Collection[str]) -> dict[str, tuple[Sum, ...]]:
    """row key -> its sums, for every row that a block computes."""
    return {row.key: sums(graph, row, tensors) for row in computed_rows(graph)}


def sums(graph: Graph, row: Row, tensors: Collection[str]) -> tuple[Sum, ...]:
    """The sums of a row: its own first, unless it has no terms beside the others.

    tensors  the symbols that are tensors when the block runs; those that are drawn anew for every
             sample or batch factor nothing out, since they want no gradient.
    """
    arrival, evaluations = graph.arrival, graph.evaluation
    # A state that is taken as it is leads: what is added to it needs no product before.
    terms = sorted(
        row.terms,
        key=lambda t: (t.source in evaluations or t.coefficient != 1, arrival.get(t.source, -1)),
    )
    groups = _groups(graph, terms, tensors) if tensors else {}
    if not groups:
        return (Sum(row.key, row.key, None, tuple(terms)),)
    apart = {term.source for found in groups.values() for term in found}
    own = tuple(term for term in terms if term.source not in apart)
    found = [Sum(row.key, row.key, None, own)] if own else []
    found += [
        Sum(f"{row.key}/{i}", row.key, factor, tuple(group))
        for i, (factor, group) in enumerate(groups.items(), start=1)
    ]
    return tuple(found)


def _groups(
    graph: Graph, terms: Iterable[Term], tensors: Collection[str]
) -> dict[Coefficient, list[Term]]:
    """The terms without the factor that several of them share, by that factor."""
    drawn = {symbol.name for symbol in graph.symbols if symbol.kind == "random"}
    trained = frozenset(tensors) - drawn
    groups: dict[Coefficient, list[Term]] = {}
    for term in terms:
        names = term.coefficient.names
        if not names.isdisjoint(trained) and names.isdisjoint(drawn):
            factor, rest = _factored(term.coefficient, trained, groups)
            groups.setdefault(factor, []).append(Term(term.source, rest, term.span))
    return {factor: found for factor, found in groups.items() if len(found) > 1}


def _factored(
    coefficient: Coefficient, trained: Collection[str], known: Collection[Coefficient]
) -> tuple[Coefficient, Coefficient]:
    """(factor, rest): the power of a trained step, a factor that is known, or the whole."""
    step, power, rest = without_step(coefficient)
    if step is not None and step.name in trained and not rest.names & set(trained):
        return _power(step.name, step.start, power), rest
    for factor in known:
        rest = coefficient / factor
        # A symbol that the file does not divide by may be 0.
        if rest.denominator.is_number and not rest.names & set(trained):
            return factor, rest
    return coefficient, Coefficient.of(1)


@lru_cache
def _power(name: str, start: Number, power: int) -> Coefficient:
    return Coefficient.symbol(Variable(name, start)) ** power
