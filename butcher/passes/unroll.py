"""Write the sweeps of an implicit method out, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from butcher.ir.graph import Evaluation, Graph, Row
from butcher.ir.parts import Part, argument_rows, parts


def unroll(graph: Graph) -> Graph:
    """The explicit graph that computes what the declared Picard sweeps compute.

    Sweep j of a circle evaluates k as `k.j`, its argument Y is `Y.j`, all Y from the last k, then
    all k with the weights they have; in the first sweep the terms of the circle's k are dropped,
    since these are zero. Everything outside the circle reads the last sweep.
    """
    if graph.is_explicit:
        return graph
    if graph.sweeps is None:
        raise ValueError(f"{graph.name} is implicit and says nothing about sweeps")
    last: dict[str, str] = {}
    rows: list[Row] = []
    evaluations: list[Evaluation] = []
    for part in parts(graph):
        if part.is_circle:
            for j in range(1, graph.sweeps + 1):
                new_rows, new_evaluations = _sweep(graph, part, j, last)
                rows += new_rows
                evaluations += new_evaluations
            last |= {e.key: f"{e.key}.{graph.sweeps}" for e in part.evaluations}
        else:
            evaluations += part.evaluations
    inner = _arguments_in_circles(graph)
    rows += [_renamed(row, last) for row in graph.rows if row.key not in inner]
    return replace(
        graph,
        rows=_in_computable_order(rows, evaluations),
        evaluations=tuple(evaluations),
        outputs=tuple(last.get(key, key) for key in graph.outputs),
        sweeps=None,
    )


def _sweep(
    graph: Graph, part: Part, j: int, last: Mapping[str, str]
) -> tuple[list[Row], list[Evaluation]]:
    """The rows and the evaluations of sweep j, counted from 1; `last` is what is over."""
    circle = {e.key for e in part.evaluations}
    before = {**last, **{key: f"{key}.{j - 1}" for key in circle}}
    rows = [
        replace(
            _renamed(row, before, dropped=circle if j == 1 else frozenset()), key=f"{row.key}.{j}"
        )
        for row in argument_rows(graph, part.evaluations)
    ]
    evaluations = [
        replace(e, key=f"{e.key}.{j}", argument=f"{e.argument}.{j}", swept=(e.key, j))
        for e in part.evaluations
    ]
    return rows, evaluations


def _arguments_in_circles(graph: Graph) -> set[str]:
    """The rows that only a circle reads: every sweep has its own."""
    circles = {key for circle in graph.circles for key in circle}
    inside = {e.argument for e in graph.evaluations if e.key in circles}
    outside = {e.argument for e in graph.evaluations if e.key not in circles}
    return inside - outside - {*graph.outputs, *(estimate.row for estimate in graph.estimates)}


def _renamed(
    row: Row, names: Mapping[str, str], dropped: set[str] | frozenset[str] = frozenset()
) -> Row:
    """The row with sources renamed, without the terms of the dropped ones."""
    terms = (term for term in row.terms if term.source not in dropped)
    return replace(
        row, terms=tuple(replace(t, source=names.get(t.source, t.source)) for t in terms)
    )


def _in_computable_order(rows: list[Row], evaluations: list[Evaluation]) -> tuple[Row, ...]:
    """The rows by the last evaluation that they read, else as they are."""
    position = {e.key: i for i, e in enumerate(evaluations)}
    return tuple(
        sorted(
            rows, key=lambda row: max((position.get(s, -1) for s in row.coefficients), default=-1)
        )
    )
