"""From a scheme to its graph: all three bodies become rows and evaluations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from butcher.coefficient import Number
from butcher.errors import Diagnostic, SpecError, error
from butcher.ir.graph import Graph
from butcher.ir.lower_step import lower_step
from butcher.ir.lower_tables import lower_multistep, lower_runge_kutta
from butcher.ir.steps import StepSize
from butcher.source import Span
from butcher.spec.expression import is_too_long
from butcher.spec.scheme import Multistep, RungeKutta, Scheme

Step = Literal["fixed", "learned", "per-stage"]


def lower(scheme: Scheme, step: Step | None = None, h: Number | None = None) -> Graph:
    """The graph of a scheme.

    step    how h is held: a fixed number, one trained value, or one for every stage argument
            that reads a stage and every output (in a step body: for every assignment that
            uses h). None is what the file says.
    h       its value or start value; None is what the file says, or 1.

    Raises SpecError where everything cancels, or a number comes out too long.
    """
    size = StepSize.of(scheme, step, h)
    match scheme.body:
        case RungeKutta():
            graph = lower_runge_kutta(scheme, scheme.body, size)
        case Multistep():
            graph = lower_multistep(scheme, scheme.body, size)
        case _:
            graph = lower_step(scheme, scheme.body, size)
    found = list(_too_long(graph, scheme.place.span))
    if found:
        raise SpecError([*scheme.findings, *found], scheme.source)
    return graph


def _too_long(graph: Graph, default: Span) -> Iterator[Diagnostic]:
    """Coefficients that come out of named values, and times that are sums of rows, have at most
    1,000 digits, too."""
    for row in graph.rows:
        for term in row.terms:
            if is_too_long(term.coefficient):
                what = f"the coefficient of {term.source} in {row.key}"
                message = f"{what} comes out as a number of more than 1,000 digits, the limit"
                yield error("B242", term.span or default, message)
    for evaluation in graph.evaluations:
        if evaluation.c is not None and is_too_long(evaluation.c):
            message = f"the node of {evaluation.key}, the sum of its row, has more than 1,000 "
            yield error("B242", evaluation.span or default, f"{message}digits, the limit")
