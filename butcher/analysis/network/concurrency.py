"""Which evaluations of a block can run side by side.

An evaluation stands on level 1 if its argument is made of states alone, else one level above the
highest evaluation that its argument reads. Levels follow each other; within one, evaluations
need nothing of each other. A circle is computed by Picard sweeps, in each of which all its
evaluations use what the last sweep left: one level a sweep.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from butcher.ir.graph import Evaluation, Graph
from butcher.ir.parts import Part, parts


@dataclass(frozen=True)
class Concurrency:
    """Exact, of the graph as it stands; an implicit one without declared sweeps counts one.

    evaluations    in all, each sweep's counted.
    critical_path  the longest chain of evaluations, each of which needs the one before.
    levels         the evaluations that can run side by side, level by level.
    width          the most on one level: as many workers are of use.
    parallelism    evaluations / critical_path: no number of workers makes the evaluations of one
                   block faster by more (Brent 1974), each taking as long; 0 without evaluations.
    """

    evaluations: int
    critical_path: int
    levels: tuple[tuple[str, ...], ...]
    width: int
    parallelism: float


def concurrency(graph: Graph) -> Concurrency:
    """The levels of the evaluations that the graph has."""
    levels = _levels(graph)
    evaluations = sum(map(len, levels))
    return Concurrency(
        evaluations=evaluations,
        critical_path=len(levels),
        levels=levels,
        width=max(map(len, levels), default=0),
        parallelism=evaluations / len(levels) if levels else 0.0,
    )


def abreast(graph: Graph, alone: Collection[str] = ()) -> tuple[tuple[Evaluation, ...], ...]:
    """The evaluations of an explicit graph as they stand, cut where one needs another.

    None changes places, so random numbers, running statistics and sums are what they are one after
    the other. Where the file lists its evaluations level by level, as the shipped methods do, these
    are the levels.

    alone  the keys of those that stay by themselves.
    """
    found: list[list[Evaluation]] = []
    for evaluation in graph.evaluations:
        last = found[-1] if found else []
        keys = {e.key for e in last}
        can_join = (
            bool(last)
            and keys.isdisjoint(alone)
            and evaluation.key not in alone
            and keys.isdisjoint(graph.row[evaluation.argument].coefficients)
            and _sweep(last[0]) == _sweep(evaluation)
        )
        if can_join:
            last.append(evaluation)
        else:
            found.append([evaluation])
    return tuple(map(tuple, found))


def _sweep(evaluation: Evaluation) -> int:
    """Which sweep of a circle it is part of; 0 outside of circles."""
    return evaluation.swept[1] if evaluation.swept is not None else 0


def _levels(graph: Graph) -> tuple[tuple[str, ...], ...]:
    found: list[list[str]] = []
    done: dict[str, int] = {}
    """evaluation -> how many levels there are when it is known."""
    for part in parts(graph):
        begin = _begin(graph, part, done)
        end = begin + ((graph.sweeps or 1) if part.is_circle else 1)
        found += [[] for _ in range(end - len(found))]
        for level in found[begin:end]:
            level += [e.key for e in part.evaluations]
        done |= dict.fromkeys((e.key for e in part.evaluations), end)
    return tuple(map(tuple, found))


def _begin(graph: Graph, part: Part, done: dict[str, int]) -> int:
    """How many levels must be over: those of what the part reads from outside of itself."""
    sources = (s for e in part.evaluations for s in graph.row[e.argument].coefficients)
    return max((done.get(source, 0) for source in sources), default=0)
