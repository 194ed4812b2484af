"""The explicit block that the Picard sweeps of an implicit method make, and its own order."""

from __future__ import annotations

from collections.abc import Iterator

from butcher.analysis.conditions.order import OrderResult, order
from butcher.errors import Diagnostic, error, warning
from butcher.ir.graph import Graph
from butcher.passes.prune import prune
from butcher.passes.share import share
from butcher.passes.unroll import unroll
from butcher.spec import Scheme

MOST_EVALUATIONS = 256


def straightened(graph: Graph) -> Graph:
    """Sweeps written out, equal evaluations shared, and what then falls away pruned."""
    return prune(share(unroll(prune(graph))))


def too_many(scheme: Scheme, graph: Graph) -> Iterator[Diagnostic]:
    """An error if the sweeps evaluate more often than a block may."""
    in_circles = sum(len(circle) for circle in graph.circles)
    count = in_circles * (graph.sweeps or 1) + len(graph.evaluations) - in_circles
    if count > MOST_EVALUATIONS:
        message = f"a block would evaluate {count} times, and the limit is {MOST_EVALUATIONS}"
        hint = "Sweeps are written out one after the other: use fewer."
        yield error("B505", scheme.place.span, message, hint)


def swept(scheme: Scheme, graph: Graph, method: OrderResult) -> OrderResult | None:
    """The order of the block, sought up to that of the method; None if there are no sweeps."""
    if graph.sweeps is None or not method.order or graph.is_explicit:
        return None
    if any(too_many(scheme, graph)):
        return None
    return order(straightened(graph), method.order).advanced


def too_few(scheme: Scheme, method: OrderResult, block: OrderResult | None) -> Iterator[Diagnostic]:
    """A warning if the block has a lower order than the method."""
    if block is None or block.order is None or block.order >= (method.order or 0):
        return
    message = f"`solve picard {scheme.sweeps}` reaches order {block.order}; "
    message += f"the method has order {method.order}"
    yield warning("B503", scheme.place.span, message, f"`solve picard {method.order}` reaches it.")
