"""The terms of update equations, and the numbers in the text that they are multiplied by."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

from butcher.analysis.conditions.order import Orders
from butcher.analysis.repair.terms import TermRepair
from butcher.coefficient import ONE, Coefficient, Number
from butcher.compiler.reading import parts
from butcher.errors import SpecError
from butcher.frontend import tree
from butcher.ir.graph import Graph
from butcher.ir.lower import lower
from butcher.ir.lower_step import only_call
from butcher.source import Span
from butcher.spec.scheme import Call, Scheme, StepBody, Term

MOST_TERMS = 40
"""Each is tried with a few proofs."""


class Factor(NamedTuple):
    """A number in the text that multiplies one term and nothing else; it divides if `below`."""

    at: tree.Expression
    below: bool


def wrong_terms(
    scheme: Scheme, graph: Graph, wanted: dict[str, int], orders: Orders
) -> Iterator[tuple[Span, Number]]:
    """The terms any one of which mends the claim, and what each must be multiplied by."""
    body = scheme.body
    assert isinstance(body, StepBody)
    named = {id(s.terms[0]) for s in body.statements if only_call(s)}  # stages, not terms of sums
    places = [(t, t.place.span) for s in body.statements for t in _inside(s.terms)]
    search = TermRepair(graph, wanted, orders)
    for number, (term, span) in enumerate(places[:MOST_TERMS]):
        if id(term) in named:
            continue

        def multiplied(factor: Number, number: int = number) -> Graph | None:
            return _lowered(scheme, body, number, factor)

        factor = search.factor(multiplied)
        if factor is not None:
            yield span, factor


def _inside(terms: tuple[Term, ...]) -> Iterator[Term]:
    """Terms, and those of the arguments they evaluate."""
    for term in terms:
        yield term
        if isinstance(term.source, Call):
            yield from _inside(term.source.argument)


def _lowered(scheme: Scheme, body: StepBody, number: int, factor: Number) -> Graph | None:
    """The graph with the term of that number multiplied."""
    numbers = count()

    def changed(terms: tuple[Term, ...]) -> tuple[Term, ...]:
        found = []
        for term in terms:
            if next(numbers) == number:
                coefficient = term.coefficient * Coefficient.of(factor)
                term = term.model_copy(update={"coefficient": coefficient})
            if isinstance(term.source, Call):
                source = term.source.model_copy(update={"argument": changed(term.source.argument)})
                term = term.model_copy(update={"source": source})
            found.append(term)
        return tuple(found)

    statements = tuple(s.model_copy(update={"terms": changed(s.terms)}) for s in body.statements)
    other = scheme.model_copy(update={"body": body.model_copy(update={"statements": statements})})
    try:
        return lower(other, "fixed", ONE)
    except SpecError:
        return None


# ---------------------------------------------------------------------- in the text


def factor_of(method: tree.Method | None, span: Span) -> Factor | None:
    """The number next to what stands at a place, if it multiplies that alone."""
    for body in method.bodies if method is not None else ():
        for assignment in body.assignments if isinstance(body, tree.Step) else ():
            path = list(_path(assignment.value, span))
            if path:
                return _nearest(path)
    return None


def _path(at: tree.Expression, span: Span) -> Iterator[tree.Expression]:
    """The expressions around a place, the whole first; nothing if it is not inside."""
    if at.span == span and isinstance(at, tree.Name | tree.Lagged | tree.Call):
        yield at
        return
    for part in parts(at):
        inner = list(_path(part, span))
        if inner:
            yield at
            yield from inner
            return


def _nearest(path: list[tree.Expression]) -> Factor | None:
    """The factor nearest to the end of the path; none beyond a sum, which has other terms."""
    for outer, inner in zip(path[-2::-1], path[:0:-1], strict=True):
        if isinstance(outer, tree.Group | tree.Negative):
            continue
        if not isinstance(outer, tree.Operation) or outer.op in "+-":
            return None
        other = outer.right if inner is outer.left else outer.left
        return Factor(other, outer.op == "/")
    return None
