"""Which methods can control their step, and the graph of one that does."""

from __future__ import annotations

from butcher.compiler.lookup import load, shipped
from butcher.compiler.options import OptionError
from butcher.compiler.verdict import Verdict
from butcher.ir.graph import Graph
from butcher.passes.estimate import ERROR, estimate
from butcher.passes.prune import prune
from butcher.passes.share import share
from butcher.spec import Scheme
from butcher.spec.scheme import RungeKutta


def controlled(scheme: Scheme, graph: Graph) -> Graph:
    """The block of one step and its error; `graph` is lowered, nothing is pruned.

    Raises OptionError where a step cannot be controlled.
    """
    reason = reason_against(scheme)
    if reason is not None:
        others = ", ".join(name for name in shipped() if reason_against(load(name)) is None)
        raise OptionError(
            f"the step of {scheme.name} cannot be controlled: {reason}. These can: {others}"
        )
    graph = share(prune(estimate(graph), keep_estimates=True))
    if not graph.row[ERROR].terms:
        raise OptionError(
            f"the step of {scheme.name} cannot be controlled: its embedded method is the method "
            f"itself, which estimates no error"
        )
    return graph


def reason_against(scheme: Scheme) -> str | None:
    """Why not; None where it can."""
    body = scheme.body
    if not isinstance(body, RungeKutta) or any(t.embedded is None for t in body.tableaus):
        return (
            "it has no embedded pair to tell the error of a step; in a tableau that is a row "
            "`bhat`, or `err` for b - bhat, under the weights"
        )
    if len(scheme.ode) > 1:
        return "its pair estimates the error of one value, and it steps several"
    if any(
        cell.value for t in body.tableaus for i, s in enumerate(t.stages) for cell in s.cells[i:]
    ):
        return "it is implicit"
    step = next(s for s in scheme.symbols if s.name == "h")
    if step.scope == "stage":
        return "every stage has a step of its own; write `learn h = 1` or leave the line out"
    drawn = [s.name for s in scheme.symbols if s.kind == "random"]
    if drawn:
        return f"{drawn[0]} is drawn, and a step that is rejected would be drawn again"
    return None


def lower_order(scheme: Scheme, verdict: Verdict) -> int:
    """The lower one of the orders of the pair: verified, or as claimed where that was not done."""
    orders = [verdict.order, verdict.embedded_order]
    if verdict.orders is None and scheme.claim is not None:
        orders = [scheme.claim.order, scheme.claim.embedded]
    known = [order for order in orders if order is not None]
    if len(known) < 2:
        raise OptionError(
            f"step control wants the orders of the pair of {scheme.name}, and they are not known; "
            f"verify them, or claim them, as by `order 5(4)`"
        )
    return min(known)
