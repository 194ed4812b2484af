"""Claims against proofs: what is said when `order p(q)` is false, too low, or not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import perm

from butcher.analysis.conditions.order import Orders
from butcher.analysis.conditions.proof import Failure, OrderResult
from butcher.analysis.conditions.ring import Ball
from butcher.analysis.conditions.shapes import formula, picture, shape
from butcher.analysis.entry import entry, total
from butcher.analysis.multistep.method import LinearMultistep, linear_multistep
from butcher.coefficient import Number, is_short, shown
from butcher.errors import Diagnostic, error, has_errors, note, warning
from butcher.ir.graph import Graph
from butcher.source import Span
from butcher.spec.scheme import Claim, Multistep, Reference, RungeKutta, Scheme, StepBody


def claim_findings(scheme: Scheme, graph: Graph, orders: Orders) -> Iterator[Diagnostic]:
    """What the orders say about the claim; without a claim, the order as a note."""
    if not scheme.ode and has_errors(scheme.findings):
        return  # it may be the equation that could not be read
    if scheme.claim is None:
        if not any(found.code in {"B217", "B248"} for found in scheme.findings):
            yield from _unclaimed(orders, scheme.place.span)
        return
    span = scheme.claim.place.span
    findings = list(_compared(scheme.claim.order, orders.advanced, "order", scheme, graph))
    if scheme.claim.embedded is not None and orders.estimates:
        lowest = min(orders.estimates, key=lambda r: -1 if r.order is None else r.order)
        findings += _compared(scheme.claim.embedded, lowest, "embedded order", scheme, graph)
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
    found, said = f"order {advanced.order}", f"order {advanced.said}"
    if orders.estimates and (embedded := orders.estimates[0]).order is not None:
        found, said = f"{found}({embedded.order})", f"{said}({embedded.said})"
    message = f"no order is claimed; {said} is reached, {proved(advanced)}"
    yield note("B404", span, message, f"Claim it: {found}." if advanced.order else None)


def _compared(
    claimed: int, result: OrderResult, what: str, scheme: Scheme, graph: Graph
) -> Iterator[Diagnostic]:
    assert scheme.claim is not None
    span = scheme.claim.place.span
    if result.order is None and (method := _inconsistent(scheme, graph)):
        yield _not_consistent(claimed, method, span)
    elif result.order is None:
        yield error(
            "B405",
            span,
            f"the claim of {what} {claimed} has no meaning here: {result.reason}",
            "Delete the claim.",
        )
    elif result.order < claimed:
        yield _too_high(claimed, result, what, scheme)
    elif result.order > claimed:
        yield warning(
            "B403",
            span,
            f"{what} {claimed} is claimed; {result.said} is reached",
            "A higher claim is verified too.",
        )


def _too_high(claimed: int, result: OrderResult, what: str, scheme: Scheme) -> Diagnostic:
    assert scheme.claim is not None
    span = scheme.claim.place.span
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
    found = error(
        "B401" if what == "order" else "B402",
        span,
        f"{what} {claimed} is claimed; the order is {result.order}",
        condition(scheme, result),
    )
    tree = shape(first.tree)
    return replace(found, drawing=picture(tree)) if tree is not None else found


# --------------------------------------------------------------------------- conditions


def condition(scheme: Scheme, result: OrderResult) -> str:
    """The first condition that fails: its tree, its formula, what it wants and what it gets."""
    first = result.failures[0]
    tree = shape(first.tree)
    got = first.got if isinstance(first.got, Ball) else shown(first.got)
    wants = f"{first.wanted}"
    if tree is not None and _is_one_step(scheme):
        wants = f"{formula(tree, _WEIGHTS[result.kind])} = {wants}"
    differential = f", {first.differential}," if tree is not None else ""
    said = f"The tree {first.tree} of order {first.order}{differential} wants {wants} "
    said += f"and gets {got}{_off(first)}{_of_formula(scheme, first)}."
    more = len(result.failures) - 1
    if more:
        said += f" {more} more of order {first.order} {'fails' if more == 1 else 'fail'}."
    if _holds_for_linear_problems(result):
        said += f" For linear problems u' = A u alone, order {first.order} holds."
    return said


def _holds_for_linear_problems(result: OrderResult) -> bool:
    """Whether the one tree without branches, which is all that these see, is not among the broken.

    Of one slot only: coloured trees have letters.
    """
    trees = {failure.tree for failure in result.failures}
    n = result.failures[0].order
    return n > 2 and set("".join(trees)) <= set("[], ") and "[" * n + "]" * n not in trees


def _off(first: Failure) -> str:
    """By how much, where what it gets is too long to be shown, or looks like what it wants."""
    got = first.got
    off = (Number.of(got.middle) if isinstance(got, Ball) else got) - first.wanted
    if is_short(got) if isinstance(got, Number) else abs(off) > first.wanted / 10**6:
        return ""
    size = shown(abs(off), 24) if isinstance(got, Number) else f"{abs(float(off)):.3g}"
    return f", {size} too {'much' if off.sign > 0 else 'little'}"


_WEIGHTS = {"advanced": "b", "bhat": "bhat", "err": "b - err"}


def _is_one_step(scheme: Scheme) -> bool:
    """Whether its conditions are those of a tableau, b and A."""
    if isinstance(scheme.body, StepBody):
        sources = [t.source for s in scheme.body.statements for t in s.terms]
        sources += [t.source for call in scheme.body.calls for t in call.argument]
        return all(not isinstance(s, Reference) or s.lag <= 0 for s in sources)
    return isinstance(scheme.body, RungeKutta)


def written_formula(scheme: Scheme) -> LinearMultistep:
    """alpha and beta as they are written, divided by nothing."""
    body = scheme.body
    assert isinstance(body, Multistep)
    alpha, beta = (tuple(entry(c.value, 0) for c in row) for row in (body.alpha, body.beta))
    return LinearMultistep(alpha, beta, scheme.ode[0].derivative)


def _of_formula(scheme: Scheme, first: Failure) -> str:
    """The same condition in terms of alpha and beta."""
    if not isinstance(scheme.body, Multistep):
        return ""
    method = written_formula(scheme)
    q = first.order + method.derivative - 1
    left = total(a.times(j**q) for j, a in enumerate(method.alpha)).value
    right = left - method.constant(q).value
    alpha, beta = _multistep_sums(q, method.derivative)
    return f": {alpha} is {shown(left)}, and {beta} is {shown(right)}"


def _multistep_sums(q: int, m: int) -> tuple[str, str]:
    """`sum alpha_j j^3` and `3 sum beta_j j^2`, which are to be equal; j = 0 is the oldest."""

    def of(name: str, power: int) -> str:
        return f"sum {name}_j" + ("" if not power else " j" if power == 1 else f" j^{power}")

    factor = f"{perm(q, m)} " if perm(q, m) > 1 else ""
    return of("alpha", q), f"{factor}{of('beta', q - m)}" if q >= m else "0"


def _inconsistent(scheme: Scheme, graph: Graph) -> LinearMultistep | None:
    """A multistep formula whose alpha does not keep constants (for u'', straight lines)."""
    is_table = isinstance(scheme.body, Multistep)
    method = written_formula(scheme) if is_table else linear_multistep(graph)
    if method is None or all(method.constant(q).may_be(0) for q in range(method.derivative)):
        return None
    return method


def _not_consistent(claimed: int, method: LinearMultistep, span: Span) -> Diagnostic:
    broken = next(q for q in range(method.derivative) if not method.constant(q).may_be(0))
    alpha, _ = _multistep_sums(broken, method.derivative)
    return error(
        "B401",
        span,
        f"order {claimed} is claimed; the method is not consistent",
        f"With sum_j alpha_j u[n+j] on the left, {alpha} must be 0, and it is "
        f"{shown(method.constant(broken).value)}.",
    )


def claimed(claim: Claim | None) -> str:
    """`8(9)`, `4`, or nothing."""
    if claim is None:
        return ""
    return str(claim.order) + (f"({claim.embedded})" if claim.embedded is not None else "")
