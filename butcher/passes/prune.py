"""Drop what no output depends on."""

from __future__ import annotations

from dataclasses import replace

from butcher.ir.graph import Graph


def prune(graph: Graph, *, keep_estimates: bool = False) -> Graph:
    """The graph of what the newest values depend on, and with `keep_estimates` the estimates.

    Estimates, rows, evaluations and symbols that are not needed go. So do earlier values and
    earlier evaluations that nothing reads any more: a block with fewer states. A fixed h
    always stays.
    """
    estimates = graph.estimates if keep_estimates else ()
    output = dict(zip(graph.state, graph.outputs, strict=True))
    live: set[str] = set()
    todo = [s.key for s in graph.states if s.is_newest]
    todo += [estimate.row for estimate in estimates]
    while todo:
        key = todo.pop()
        if key in live:
            continue
        live.add(key)
        if key in graph.row:
            todo += graph.row[key].coefficients
        elif key in graph.evaluation:
            todo.append(graph.evaluation[key].argument)
        else:
            todo.append(output[key])
    left = replace(
        graph,
        states=tuple(s for s in graph.states if s.key in live),
        outputs=tuple(output[s.key] for s in graph.states if s.key in live),
        rows=tuple(r for r in graph.rows if r.key in live),
        evaluations=tuple(e for e in graph.evaluations if e.key in live),
        estimates=estimates,
    )
    used = left.names
    return left.changed(symbols=(s for s in left.symbols if s.name in used or s.kind == "h"))
