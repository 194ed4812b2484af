"""The gate: what can be proved about a scheme, as facts and as diagnostics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from butcher.analysis.conditions.order import CAP, OrderResult, Orders, both_orders
from butcher.analysis.multistep.root_condition import ZeroStability, zero_stability
from butcher.coefficient import (
    ONE,
    Number,
)
from butcher.compiler.bounded import bounded
from butcher.compiler.claims import claim_findings, proved
from butcher.compiler.lookup import read
from butcher.compiler.outline import Outline, outline, written
from butcher.compiler.structure import structure_findings
from butcher.compiler.sweeps import swept, too_few
from butcher.errors import (
    Diagnostic,
    Severity,
    SpecError,
    error,
    escaped,
    has_errors,
    note,
    readable,
    warning,
)
from butcher.frontend.limits import decode
from butcher.ir.graph import Graph
from butcher.ir.lower import lower
from butcher.source import Source, Span
from butcher.spec.scheme import Multistep, RungeKutta, Scheme


@dataclass(frozen=True)
class Verdict:
    """Everything found in one file. What is unknowable is None.

    graph    with one fixed step h = 1, as it was analysed; None if the file has no scheme.
    orders   what was proved of its order; None if that was not asked for.
    timed    likewise for u' = f(t, u).
    swept    what was proved of the block that the sweeps of an implicit method make.
    """

    source: Source
    scheme: Scheme | None
    diagnostics: tuple[Diagnostic, ...]
    graph: Graph | None = field(default=None, repr=False)
    orders: Orders | None = field(default=None, repr=False)
    swept: OrderResult | None = field(default=None, repr=False)
    timed: Orders | None = field(default=None, repr=False)
    zero_stable: bool | None = None

    @property
    def order(self) -> int | None:
        """The order of the advanced solution."""
        return None if self.orders is None else self.orders.advanced.order

    @property
    def embedded_order(self) -> int | None:
        """The lowest order among the embedded solutions."""
        found = self.orders.embedded if self.orders is not None else None
        return found.order if found is not None else None

    @property
    def order_nonautonomous(self) -> int | None:
        """The order for u' = f(t, u), with the nodes as they are written."""
        return None if self.timed is None else self.timed.advanced.order

    @property
    def field(self) -> str | None:
        """`QQ`, `QQ(sqrt6)`, or `decimal` where a coefficient stands for a rounded decimal."""
        if self.graph is None:
            return None
        coefficients = [t.coefficient for row in self.graph.rows for t in row.terms]
        if any(c.radius for c in coefficients):
            return "decimal"
        generators = _generators(r for c in coefficients for r in c.radicands)
        inside = ", ".join(f"sqrt{d}" for d in generators)
        return f"QQ({inside})" if inside else "QQ"

    @property
    def outline(self) -> Outline:
        """What stands above the body; of a file without a scheme, what could be read of it."""
        if self.scheme is None:
            return outline(self.source)
        scheme, claim = self.scheme, self.scheme.claim
        return Outline(
            name=written(scheme.source, scheme.name, scheme.place.span),
            kind=scheme.body.kind,
            claimed_order=claim.order if claim is not None else None,
            claimed_embedded_order=claim.embedded if claim is not None else None,
        )

    def as_json(self) -> dict[str, Any]:
        """The object that `butcher check --json` prints."""
        scheme, graph = self.scheme, self.graph
        known = self.outline
        return {
            "file": self.source.name,
            "name": known.name,
            "kind": known.kind,
            "explicit": graph.is_explicit if graph is not None else None,
            "stages": stages(scheme) if scheme is not None else None,
            "steps": _steps(graph) if graph is not None else None,
            "claimed_order": known.claimed_order,
            "claimed_embedded_order": known.claimed_embedded_order,
            "order": self.order,
            "embedded_order": self.embedded_order,
            "order_nonautonomous": self.order_nonautonomous,
            "zero_stable": self.zero_stable,
            "symbols": [s.name for s in scheme.declared] if scheme is not None else None,
            "slots": list(scheme.slots) if scheme is not None else None,
            "exact": None if self.field is None else self.field != "decimal",
            "field": self.field,
            "diagnostics": [diagnostic_json(d) for d in self.diagnostics],
        }

    @property
    def summary(self) -> str:
        """One line: `rk4.tab: rk4, runge-kutta, 4 stages, order 4, verified exactly`."""
        name = escaped(self.source.name)
        count = sum(d.severity is Severity.ERROR for d in self.diagnostics)
        if self.scheme is None:
            return f"{name}: {_count(count, 'error')}"
        words = [
            readable(self.scheme.name),
            self.scheme.body.kind,
            _count(stages(self.scheme), "stage"),
        ]
        if self.orders is not None and self.order is not None:
            advanced, embedded = self.orders.advanced, self.orders.embedded
            both = "" if embedded is None or embedded.order is None else f"({embedded.said})"
            start = f" from {self.orders.start}" if self.orders.start else ""
            words.append(f"order {advanced.said}{both}{start}, verified {proved(advanced)}")
        if count:
            words.append(_count(count, "error"))
        return f"{name}: {', '.join(words)}"


def examine_bytes(data: bytes, name: str) -> Verdict:
    """Everything there is to say about a file's content. Never raises."""
    source, found = decode(data, name)
    if source is None:
        return Verdict(Source(name, ""), None, tuple(found))
    scheme, findings = read(source)
    if scheme is None:
        return Verdict(source, None, findings)
    return examine(scheme)


def examine(scheme: Scheme, *, verify: bool = True) -> Verdict:
    """What is wrong with a scheme, and, unless not to be verified, what is proved of it."""
    try:
        with bounded(scheme, 3):
            return _examined(scheme, verify=verify)
    except SpecError as problem:
        return Verdict(scheme.source, scheme, _sorted(problem.diagnostics))


def _examined(scheme: Scheme, *, verify: bool) -> Verdict:
    graph = lower(scheme, "fixed", ONE)
    findings = [*scheme.findings, *structure_findings(scheme, graph)]
    if not verify:
        return Verdict(scheme.source, scheme, _sorted(findings), graph)
    autonomous, timed = both_orders(graph, CAP)
    # a claim is about the file's equation
    orders = timed if graph.takes_time else autonomous
    stability = zero_stability(graph)
    findings += claim_findings(scheme, graph, orders)
    findings += _stability(scheme, stability)
    block = swept(scheme, graph, orders.advanced)
    findings += too_few(scheme, orders.advanced, block)
    findings += _autonomous(scheme, autonomous, timed)
    if has_errors(findings):
        # the search for what is at fault is as much code as all else that is read for a proof
        from butcher.compiler.pointing import pointed

        findings = pointed(scheme, graph, orders, findings)
    return Verdict(
        scheme.source,
        scheme,
        _sorted(findings),
        graph=graph,
        orders=orders,
        swept=block,
        timed=timed,
        zero_stable=stability.stable if stability is not None else None,
    )


def _sorted(findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(findings, key=lambda d: d.span))


def _autonomous(scheme: Scheme, orders: Orders, timed: Orders) -> Iterator[Diagnostic]:
    """Nodes that are not what their rows sum to: right for u' = f(u), wrong for u' = f(t, u)."""
    found, kept = _both(orders), _both(timed)
    if found != kept and timed.advanced.order is not None:
        span = scheme.place.span if scheme.claim is None else scheme.claim.place.span
        message = f"order {found} holds for u' = f(u) alone; for u' = f(t, u), with the nodes as "
        message += f"they are written, it is {kept}"
        yield note("B412", span, message, "Mend the nodes, or leave them empty.")


def _both(orders: Orders) -> str:
    """`8(9)`, or `4` without an embedded solution."""
    embedded = orders.embedded
    return f"{orders.advanced.order}" + (f"({embedded.order})" if embedded is not None else "")


def _stability(scheme: Scheme, found: ZeroStability | None) -> Iterator[Diagnostic]:
    """Errors of a method that is not zero-stable grow without bound, however small h is."""
    span = scheme.place.span if scheme.claim is None else scheme.claim.place.span
    if found is not None and not found.stable:
        message = "the method is not zero-stable: a root of rho lies outside the unit circle, or "
        message += "is multiple on it"
        hint = "A method that is not zero-stable does not converge, whatever its order."
        if scheme.claim is not None:
            yield error("B406", span, message, hint)
        else:
            yield warning("B409", span, message, hint)
    elif found is not None and found.weak:
        message = "the method is weakly stable: rho has roots on the unit circle besides 1"
        yield warning("B410", span, message, "Over many blocks such a component may grow.")


def diagnostic_json(d: Diagnostic) -> dict[str, Any]:
    """A diagnostic as `check --json` prints it. The end column is exclusive."""
    found: dict[str, Any] = {
        "code": d.code,
        "severity": d.severity.value,
        **_place(d.span),
        "end_column": d.span.end_column if d.span.end_line == d.span.line else d.span.column + 1,
        "message": d.message,
        "hint": d.hint,
    }
    if d.suspects:
        found["suspects"] = [
            {**_place(cell.span), "value": cell.value, "repair": cell.repair} for cell in d.suspects
        ]
    return found


def _place(span: Span) -> dict[str, int]:
    return {"line": span.line, "column": span.column}


def unreadable(spec: str, message: str) -> Verdict:
    """Of a file that cannot be read: nothing is known of it."""
    start = Span(1, 1, 1, 1)
    return Verdict(Source(spec, ""), None, (error("B000", start, message),))


def stages(scheme: Scheme) -> int:
    """How many stages the file has; of update equations, how many evaluations."""
    body = scheme.body
    if isinstance(body, RungeKutta):
        return len(body.tableaus[0].stages)
    return 1 if isinstance(body, Multistep) else len(body.calls)


def _steps(graph: Graph) -> int:
    """How many blocks a new value reaches back: 1 for a one-step method."""
    return max(1 - state.index for state in graph.states)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _generators(radicands: Iterable[int]) -> list[int]:
    """The least roots that generate a field of square roots."""
    known, found = {1}, []
    for radicand in sorted(set(radicands)):
        if radicand not in known:
            found.append(radicand)
            root = Number({radicand: 1})
            known |= {(Number({d: 1}) * root).terms[0][0] for d in known}
    return found
