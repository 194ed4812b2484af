"""Say in which order an explicit graph is computed, and when each value is read for the last time.

This is the plain schedule: rows right before their first use, every value kept until its last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from butcher.ir.graph import Graph


@dataclass(frozen=True)
class Schedule:
    """When what is computed, and until when it is needed.

    order     the keys of rows and evaluations, each after what it reads.
    last_use  for each state and each key of `order` the position in `order` of the last one that
              reads it; its own position if none does, -1 for a state that none reads, and
              len(order) for what the block returns. A row that is exactly one source is that
              source: its uses are uses of the source too.
    """

    order: tuple[str, ...]
    last_use: Mapping[str, int]

    def freed_after(self, position: int) -> tuple[str, ...]:
        """The values that nothing reads after this position of `order`."""
        return tuple(key for key, last in self.last_use.items() if last == position)


def schedule(graph: Graph) -> Schedule:
    """The order of an explicit graph: evaluations as they stand, each row where it is first read.

    Outputs that no evaluation reads come at the end, then estimates. Rows that nothing reads are
    not computed.
    """
    if not graph.is_explicit:
        raise ValueError(f"{graph.name} is implicit: unroll it first")
    steps: dict[str, None] = {}
    for evaluation in graph.evaluations:
        steps[evaluation.argument] = None
        steps[evaluation.key] = None
    returned = [*graph.outputs, *(estimate.row for estimate in graph.estimates)]
    steps |= dict.fromkeys(key for key in returned if key in graph.row)
    order = tuple(steps)
    return Schedule(order, _last_uses(graph, order, returned))


def _last_uses(graph: Graph, order: tuple[str, ...], returned: list[str]) -> dict[str, int]:
    last = dict.fromkeys(graph.state, -1) | {key: i for i, key in enumerate(order)}
    last |= dict.fromkeys(returned, len(order))
    # Backwards, so that a row's own last use is known when its sources are looked at.
    for position in range(len(order) - 1, -1, -1):
        key = order[position]
        if key in graph.evaluation:
            argument = graph.evaluation[key].argument
            last[argument] = max(last[argument], position)
            continue
        row = graph.row[key]
        until = position if row.only_source is None else last[key]
        for source in row.coefficients:
            last[source] = max(last[source], until)
    return last
