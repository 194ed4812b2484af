"""How the state before the first block is computed from one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from butcher.coefficient import Coefficient
from butcher.ir.graph import Evaluation, Graph, Row, Term
from butcher.passes.schedule import Step, schedule


@dataclass(frozen=True)
class Beginning:
    """graph, steps: what is computed, of the newest values alone.
    evaluations: for the key of each kept evaluation, the evaluation that it starts as; none for
    one that the method never reads, as in a block that starts another method: it starts as zeros.
    """

    graph: Graph
    steps: tuple[Step, ...]
    evaluations: Mapping[str, str]


def beginning(graph: Graph) -> Beginning:
    """Every earlier value is the value given; an earlier evaluation is the first there is.

    It is computed as in the first block, with kept evaluations that are not known yet left out:
    they are zero. Of a swept evaluation, `f[n+1].3`, the first sweep is taken, for which nothing
    needs to be known.
    """
    kept = _kept(graph)
    if not kept:
        return Beginning(graph, (), {})
    rows = {row.key: _of_one_value(row, graph) for row in graph.rows}
    needed: set[str] = set()
    todo = list(kept.values())
    while todo:
        key = todo.pop()
        if key in needed:
            continue
        needed.add(key)
        todo += [
            source
            for source in rows[graph.evaluation[key].argument].coefficients
            if source in graph.evaluation
        ]
    evaluations = [e for e in graph.evaluations if e.key in needed]
    reduced = replace(
        graph,
        evaluations=tuple(evaluations),
        rows=tuple(rows[key] for key in dict.fromkeys(e.argument for e in evaluations)),
        outputs=tuple(kept.values()),
    )
    return Beginning(reduced, schedule(reduced, tensors=()), kept)


def _kept(graph: Graph) -> dict[str, str]:
    """state -> evaluation, through all lags."""
    output = dict(zip(graph.state, graph.outputs, strict=True))
    found: dict[str, str] = {}
    read = _read(graph, output)
    for state in graph.states:
        if state.kind != "evaluation" or state.key not in read:
            continue
        key = output[state.key]
        while key in graph.state:
            key = output[key]
        found[state.key] = _first_sweep(graph, graph.evaluation[key])
    return found


def _read(graph: Graph, output: Mapping[str, str]) -> set[str]:
    """The states that a row reads, in this block or, handed on, in a later one."""
    read = {term.source for row in graph.rows for term in row.terms}
    for _ in graph.states:
        read |= {output[key] for key in read if key in output}
    return read


def _first_sweep(graph: Graph, evaluation: Evaluation) -> str:
    if evaluation.swept is None:
        return evaluation.key
    first = (evaluation.swept[0], 1)
    return next((e.key for e in graph.evaluations if e.swept == first), evaluation.key)


def _of_one_value(row: Row, graph: Graph) -> Row:
    """The row where all values of a name are the newest, and earlier evaluations are zero."""
    newest = {s.name: s.key for s in graph.states if s.is_newest}
    total: dict[str, Coefficient] = {}
    for term in row.terms:
        state = graph.state.get(term.source)
        if state is not None and state.kind == "evaluation":
            continue
        source = newest[state.name] if state is not None else term.source
        total[source] = total.get(source, Coefficient.of(0)) + term.coefficient
    return Row(row.key, tuple(Term(key, c) for key, c in total.items() if c))
