"""Mean and covariance of what a block adds, its states and evaluations given.

    u[n+1] = sum_s w_s s     E u[n+1] = sum_s E[w_s] s     Cov u[n+1] = sum_st Cov(w_s, w_t) s t^T

with s over states and evaluations. Exact, as long as no evaluation reads a drawn value: what F
makes of a random argument is not known of an F that is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement

from butcher.analysis.entry import means
from butcher.analysis.stochastic.moments import Drawn
from butcher.coefficient import Coefficient
from butcher.ir.graph import Graph, Row, Term


@dataclass(frozen=True)
class Update:
    """A new value. `mean` has, by source, the expected coefficient.

    settles   whether its mean is what the block computes in evaluation, where drawn symbols are
              their means.
    """

    row: str
    mean: Mapping[str, Coefficient]
    settles: bool


@dataclass(frozen=True)
class Covariance:
    """Of the coefficient of one source in one new value and that of another; never zero."""

    row: str
    source: str
    other_row: str
    other_source: str
    value: Coefficient


def nested(graph: Graph, drawn: Drawn) -> tuple[str, ...]:
    """The evaluations whose argument depends on a drawn symbol."""
    found: set[str] = set()
    before = -1
    while before < len(found):
        before = len(found)
        for evaluation in graph.evaluations:
            terms = graph.row[evaluation.argument].terms
            if any(drawn.within(t.coefficient) or t.source in found for t in terms):
                found.add(evaluation.key)
    return tuple(e.key for e in graph.evaluations if e.key in found)


def new_rows(graph: Graph) -> dict[str, Row]:
    """state name -> the row that is its new value."""
    rows = {}
    for state, key in zip(graph.states, graph.outputs, strict=True):
        if state.is_newest:
            rows[state.name] = graph.row.get(key) or Row(key, (Term(key, Coefficient.of(1)),))
    return rows


def updates(graph: Graph, drawn: Drawn) -> tuple[Update, ...]:
    """Of the new values that read no evaluation of a drawn argument."""
    found, at = [], means(graph)
    for row in _plain_rows(graph, drawn):
        mean = {t.source: drawn.mean(t.coefficient) for t in row.terms}
        settles = all(mean[t.source] == t.coefficient.substitute(at) for t in row.terms)
        found.append(Update(row.key, {s: one for s, one in mean.items() if one}, settles))
    return tuple(found)


def covariances(graph: Graph, drawn: Drawn) -> tuple[Covariance, ...]:
    """The entries on and above the diagonal, of the same new values."""
    places = [
        (row.key, term)
        for row in _plain_rows(graph, drawn)
        for term in row.terms
        if drawn.within(term.coefficient)
    ]
    found = (
        Covariance(
            row,
            one.source,
            other_row,
            other.source,
            drawn.covariance(one.coefficient, other.coefficient),
        )
        for (row, one), (other_row, other) in combinations_with_replacement(places, 2)
    )
    return tuple(entry for entry in found if entry.value)


def _plain_rows(graph: Graph, drawn: Drawn) -> list[Row]:
    hidden = set(nested(graph, drawn))
    return [row for row in new_rows(graph).values() if hidden.isdisjoint(row.coefficients)]
