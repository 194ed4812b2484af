"""Make the estimate of an embedded pair the error of a step, b - bhat, whichever was written."""

from __future__ import annotations

from dataclasses import replace

from butcher.coefficient import Coefficient
from butcher.ir.graph import Estimate, Graph, Row, Term

ERROR = "err"
"""The key of the row."""


def estimate(graph: Graph) -> Graph:
    """A graph of one state whose only estimate is the row `err`, new value minus embedded one.

    An evaluation whose argument is the new value reads that row, as the last stage of a method
    does that is the first of the next step; its argument then is computed once.
    """
    (output,) = graph.outputs
    new = graph.row[output]
    (found,) = graph.estimates
    terms = graph.row[found.row].terms
    if found.kind == "bhat":
        terms = _difference(new, graph.row[found.row])
    same = {
        e.argument
        for e in graph.evaluations
        if graph.row[e.argument].coefficients == new.coefficients
    } - {output}
    gone = same | {found.row}
    return replace(
        graph,
        rows=(*(row for row in graph.rows if row.key not in gone), Row(ERROR, terms)),
        evaluations=tuple(
            replace(e, argument=output) if e.argument in same else e for e in graph.evaluations
        ),
        estimates=(Estimate(ERROR, found.state, "err"),),
    )


def _difference(left: Row, right: Row) -> tuple[Term, ...]:
    """left - right, in the order of the graph's own terms."""
    zero = Coefficient.of(0)
    a, b = left.coefficients, right.coefficients
    of = {key: a.get(key, zero) - b.get(key, zero) for key in [*a, *b]}
    return tuple(Term(key, c) for key, c in of.items() if c)
