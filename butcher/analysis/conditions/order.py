"""The order of a method, proved: every condition of every rooted tree, by B-series.

With exact values put in, a row is a B-series with a weight Y(t) for each rooted tree t, and

    E([t1, ..., tm]) = Y(t1) ... Y(tm)           an evaluation of the row
    Y(t) = sum_l U_l (-l)^|t| / gamma(t) + sum_j A_j E_j(t)

The new value has order p when its weight is 1/gamma(t) for every |t| <= p (Hairer, Norsett,
Wanner, Solving ODEs I, II.2, II.12, III.8). Explicit and implicit, one step and several, are one
case: E(t) needs Y of smaller trees only. Several slots make trees of several colours.

For u'' = f(u) a node of f counts for two, its density is |t| (|t|-1) gamma(t1) ... gamma(tm), and
order p takes the trees of |t| <= p + 1 (Coleman, IMA J. Numer. Anal. 23 (2003)).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from butcher.analysis.conditions.proof import Failure, OrderResult, prove
from butcher.analysis.conditions.system import System, system
from butcher.analysis.limits import TooLargeError, UndefinedError
from butcher.ir.graph import Graph

__all__ = ["CAP", "Failure", "OrderResult", "Orders", "order", "order_nonautonomous"]

CAP = 12
"""Orders are sought no further; no method claims more."""


@dataclass(frozen=True)
class Orders:
    """`advanced` of the new values together: the lowest of them, where there are several.

    each       every target's own result, new values first, then the estimates, by row key.
    estimates  of the embedded solutions: of b - err where the row is `err`.
    start      the starting procedure that the orders are defined by, for a method of several
               steps: what its earlier values and kept evaluations are before the first block.
               None for a method of one step. (Any start of as high an order gives the same one.)
    """

    advanced: OrderResult
    each: Mapping[str, OrderResult]
    estimates: tuple[OrderResult, ...]
    start: str | None = None

    @property
    def embedded(self) -> OrderResult | None:
        """The lowest of the estimates."""
        return min(self.estimates, key=_height, default=None)


def order(graph: Graph, up_to: int = CAP) -> Orders:
    """The orders of the new values and the estimates of a graph, sought up to `up_to`."""
    found = _system(graph, up_to)
    return found if isinstance(found, Orders) else _orders(graph, prove(found, up_to))


def order_nonautonomous(graph: Graph, up_to: int = CAP) -> Orders:
    """The orders for u' = f(t, u), where evaluation i is given the time t + c_i h.

    They are those for u' = f(t, u), t' = 1, with c_i where the row of t would sum to its own.
    """
    return both_orders(graph, up_to)[1]


def both_orders(graph: Graph, up_to: int = CAP) -> tuple[Orders, Orders]:
    """Those of `order` and of `order_nonautonomous`, which are one where all c are row sums."""
    found = _system(graph, up_to)
    if isinstance(found, Orders):
        return found, found
    orders = _orders(graph, prove(found, up_to))
    if any(stage.c is None for stage in found.stages):
        error = UndefinedError("there is no time in a method that does not keep constants")
        return orders, _alone(graph, _undefined(graph, error))
    if all(found.keeps_time(stage) for stage in found.stages):
        return orders, orders
    return orders, _orders(graph, prove(found, up_to, with_time=True))


def start(graph: Graph) -> str | None:
    """What the order of a method of several steps takes to be exact before the first block."""
    values = any(s.kind == "value" and s.lag for s in graph.states)
    kept = any(s.kind == "evaluation" for s in graph.states)
    if values and kept:
        return "exact earlier values, and evaluations of exact values kept"
    if values:
        return "exact earlier values"
    return "evaluations of exact values kept" if kept else None


def _system(graph: Graph, up_to: int) -> System | Orders:
    """What trees are counted for, or the orders of a method that is not proved by trees."""
    derivative = max((equation.derivative for equation in graph.ode), default=1)
    try:
        return system(graph, up_to, derivative)
    except UndefinedError as error:
        return _alone(graph, _undefined(graph, error))
    except TooLargeError as error:
        return _alone(graph, _too_large(graph, error))


def _orders(graph: Graph, results: Sequence[OrderResult]) -> Orders:
    advanced = min((r for r in results if r.kind == "advanced"), key=_height)
    estimates = tuple(r for r in results if r.kind != "advanced")
    return Orders(advanced, {r.key: r for r in results}, estimates, start(graph))


def _alone(graph: Graph, only: OrderResult) -> Orders:
    return Orders(only, {only.key: only}, (), start(graph) if only.order is not None else None)


def _height(result: OrderResult) -> int:
    return -1 if result.order is None else result.order


def _undefined(graph: Graph, error: UndefinedError) -> OrderResult:
    key = graph.outputs[0] if graph.outputs else graph.name
    return OrderResult(key, "advanced", None, "undefined", True, reason=str(error))


def _too_large(graph: Graph, error: TooLargeError) -> OrderResult:
    return OrderResult(graph.outputs[0], "advanced", 0, "too large", True, reason=str(error))
