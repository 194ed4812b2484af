"""The evaluations of a graph part by part: one at a time, or all of a circle together."""

from __future__ import annotations

from dataclasses import dataclass

from butcher.ir.graph import Evaluation, Graph, Row


@dataclass(frozen=True)
class Part:
    """One evaluation, or the evaluations of a circle, in the order of the graph."""

    evaluations: tuple[Evaluation, ...]
    is_circle: bool


def parts(graph: Graph) -> tuple[Part, ...]:
    """Every evaluation once, each part after the parts that it reads."""
    members: dict[str, tuple[Evaluation, ...]] = {}
    for circle in graph.circles:
        together = tuple(e for e in graph.evaluations if e.key in circle)
        members |= dict.fromkeys(circle, together)
    found: list[Part] = []
    seen: set[str] = set()

    def visit(evaluation: Evaluation) -> None:
        if evaluation.key in seen:
            return
        together = members.get(evaluation.key, (evaluation,))
        seen.update(e.key for e in together)
        for e in together:
            for source in graph.row[e.argument].coefficients:
                if source in graph.evaluation:
                    visit(graph.evaluation[source])
        found.append(Part(together, evaluation.key in members))

    for evaluation in graph.evaluations:
        visit(evaluation)
    return tuple(found)


def argument_rows(graph: Graph, evaluations: tuple[Evaluation, ...]) -> tuple[Row, ...]:
    """The rows that these evaluations read, each once, in the order of their first reading."""
    keys = dict.fromkeys(e.argument for e in evaluations)
    return tuple(graph.row[key] for key in keys)
