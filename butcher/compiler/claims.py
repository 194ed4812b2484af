"""Claims against proofs: what is said when `order p(q)` is false, too low, or not there."""

from __future__ import annotations

from collections.abc import Iterator

from butcher.analysis.order import Orders
from butcher.analysis.proof import OrderResult
from butcher.analysis.ring import Ball
from butcher.coefficient import shown
from butcher.errors import Diagnostic, error, has_errors, note, warning
from butcher.ir.graph import Graph
from butcher.source import Span
from butcher.spec.scheme import Claim, Scheme


def claim_findings(scheme: Scheme, graph: Graph, orders: Orders) -> Iterator[Diagnostic]:
    """What the orders say about the claim; without a claim, the order as a note."""
    if not scheme.ode and has_errors(scheme.findings):
        return  # it may be the equation that could not be read
    if scheme.claim is None:
        yield from _unclaimed(orders, scheme.place.span)
        return
    span = scheme.claim.place.span
    findings = list(_compared(scheme.claim.order, orders.advanced, "order", span))
    if scheme.claim.embedded is not None and orders.estimates:
        lowest = min(orders.estimates, key=lambda r: -1 if r.order is None else r.order)
        findings += _compared(scheme.claim.embedded, lowest, "embedded order", span)
    yield from findings
    at_start = starts(scheme)
    if at_start and orders.advanced.order is not None:
        yield note("B407", span, f"the order is verified at {at_start}")


def starts(scheme: Scheme) -> str:
    """The start values that a proof rests on: `a = 1/2`, a drawn name by its mean."""
    return ", ".join(
        f"{s.name} = {shown(s.start)}" for s in scheme.symbols if s.name != "h" and s.kind != "h"
    )


def proved(result: OrderResult) -> str:
    """How the conditions hold."""
    return "exactly" if result.exact else "to the digits printed"


def _unclaimed(orders: Orders, span: Span) -> Iterator[Diagnostic]:
    advanced = orders.advanced
    if advanced.order is None:
        yield note("B405", span, f"order has no meaning here: {advanced.reason}")
        return
    found = f"order {advanced.order}"
    if orders.estimates and orders.estimates[0].order is not None:
        found += f"({orders.estimates[0].order})"
    message = f"no order is claimed; {found} is reached, {proved(advanced)}"
    yield note("B404", span, message, f"Claim it: {found}." if advanced.order else None)


def _compared(claimed: int, result: OrderResult, what: str, span: Span) -> Iterator[Diagnostic]:
    if result.order is None:
        yield error(
            "B405",
            span,
            f"the claim of {what} {claimed} has no meaning here: {result.reason}",
            "Delete the claim.",
        )
    elif result.order < claimed:
        yield _too_high(claimed, result, what, span)
    elif result.order > claimed:
        yield warning(
            "B403",
            span,
            f"{what} {claimed} is claimed; {result.order} is reached",
            "A higher claim is verified too.",
        )


def _too_high(claimed: int, result: OrderResult, what: str, span: Span) -> Diagnostic:
    if result.outcome in {"too large", "undecided"}:
        why = {
            "too large": "the conditions of the next order would take too long to compute",
            "undecided": "the digits printed are too few to decide the next order",
        }[result.outcome]
        return error(
            "B408",
            span,
            f"{what} {claimed} is claimed; order {result.order} holds and {why}",
            "Claim what can be proved, or write the coefficients exactly.",
        )
    first = result.failures[0]
    got = first.got if isinstance(first.got, Ball) else shown(first.got)
    more = len(result.failures) - 1
    others = f", and {more} more of order {first.order}" if more else ""
    code = "B401" if what == "order" else "B402"
    return error(
        code,
        span,
        f"{what} {claimed} is claimed; the order is {result.order}",
        f"The tree {first.tree} of order {first.order} wants {first.wanted} and gets "
        f"{got}{others}.",
    )


def claimed(claim: Claim | None) -> str:
    """`8(9)`, `4`, or nothing."""
    if claim is None:
        return ""
    return str(claim.order) + (f"({claim.embedded})" if claim.embedded is not None else "")
