"""Evaluate once what is equal: the same weights on the same argument."""

from __future__ import annotations

from dataclasses import replace

from butcher.coefficient import Coefficient
from butcher.ir.graph import Evaluation, Graph, Row, Term

Content = tuple[object, ...]


def share(graph: Graph) -> Graph:
    """Evaluations of one weight group whose arguments are equal become one, the first of them.

    Arguments are equal if their coefficients are, and, where slots are given the time, if they
    are taken at the same time.
    Circles stay as they are, since a sweep is not the last one: `unroll` first.
    """
    in_circle = frozenset(key for circle in graph.circles for key in circle)
    first: dict[Content, str] = {}
    same: dict[str, str] = {}
    for evaluation in graph.evaluations:
        row = _merged(graph.row[evaluation.argument], same)
        if evaluation.key not in in_circle:
            content = _content(graph, evaluation, row)
            same[evaluation.key] = first.setdefault(content, evaluation.key)
    kept = tuple(e for e in graph.evaluations if same.get(e.key, e.key) == e.key)
    dropped = {e.argument for e in graph.evaluations} - {e.argument for e in kept}
    dropped -= {*graph.outputs, *(estimate.row for estimate in graph.estimates)}
    return replace(
        graph,
        evaluations=kept,
        rows=tuple(_merged(row, same) for row in graph.rows if row.key not in dropped),
        outputs=tuple(same.get(key, key) for key in graph.outputs),
    )


def _content(graph: Graph, evaluation: Evaluation, row: Row) -> Content:
    """Equal for evaluations that have equal values."""
    return (
        evaluation.group,
        frozenset(row.coefficients.items()),
        evaluation.c if evaluation.slot in graph.timed else None,
    )


def _merged(row: Row, same: dict[str, str]) -> Row:
    """The row with each source replaced by what it is the same as."""
    if all(same.get(term.source, term.source) == term.source for term in row.terms):
        return row
    terms: dict[str, Term] = {}
    for term in row.terms:
        source = same.get(term.source, term.source)
        before = terms[source].coefficient if source in terms else Coefficient.of(0)
        terms[source] = Term(source, before + term.coefficient, term.span)
    return replace(row, terms=tuple(term for term in terms.values() if term.coefficient))
