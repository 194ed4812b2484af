"""Evaluations in an order in which they can be computed."""

from __future__ import annotations

from dataclasses import replace

from butcher.ir.graph import Graph


def arranged(graph: Graph) -> Graph:
    """The graph with every evaluation behind those it depends on, circles kept together.

    As written where that is such an order; otherwise the first written goes first.
    """
    if graph.in_computable_order:
        return graph
    import networkx as nx

    position = {e.key: i for i, e in enumerate(graph.evaluations)}
    parts = nx.condensation(graph.digraph)
    first = {
        part: min((position[k] for k in data["members"] if k in position), default=len(position))
        for part, data in parts.nodes(data=True)
    }
    order = nx.lexicographical_topological_sort(parts, key=first.__getitem__)
    keys = [
        key
        for part in order
        for key in sorted(
            (k for k in parts.nodes[part]["members"] if k in position), key=position.__getitem__
        )
    ]
    return replace(graph, evaluations=tuple(graph.evaluation[key] for key in keys))
