"""What a report says, line by line: labels and values, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from butcher.analysis.conditions.proof import OrderResult
from butcher.analysis.network.cost import Cost
from butcher.analysis.stochastic.view import NOTHING_DRAWN
from butcher.compiler.claims import claimed, proved, starts
from butcher.compiler.report import network_rows, stochastic_rows, theory_rows
from butcher.compiler.report.words import TOO_LONG, Row, count, exact, yes

if TYPE_CHECKING:
    from butcher.compiler.report.gather import Report

Block = tuple[str, list[Row]]


def blocks(report: Report) -> Iterator[Block]:
    """Every block with its title; a part that is undefined is one line with the reason."""
    yield _heading(report)
    yield "Order", list(_order(report))
    for name, (title, rows) in _BLOCKS.items():
        if name in report.parts:
            yield title, list(rows(report.parts[name]))
        if name == "cost" and isinstance(found := report.parts.get(name), Cost):
            yield "Maps carried across each evaluation", list(network_rows.carried(found))
    missing = {name: _BLOCKS[name][0] for name in report.undefined}
    if report.undefined.get("stochastic") == NOTHING_DRAWN:  # as of nearly every method
        del missing["stochastic"]
    late = {name for name in missing if report.undefined[name].startswith(TOO_LONG)}
    why = report.undefined
    yield "Not applicable", [(missing[name], why[name]) for name in missing if name not in late]
    yield "Not computed", [(missing[name], why[name]) for name in missing if name in late]


def _heading(report: Report) -> Block:
    scheme, known = report.verdict.scheme, report.verdict.as_json()
    assert scheme is not None
    kind = {"runge-kutta": "Runge-Kutta", "multistep": "linear multistep"}.get(
        scheme.body.kind, "update equations"
    )
    words = [
        kind,
        "explicit" if known["explicit"] else "implicit",
        count(known["stages"], "stage"),
        f"{known['steps']} steps" if known["steps"] > 1 else "one step",
    ]
    symbols = ", ".join(
        f"{s.name} ({'param' if s.kind == 'h' else s.kind})" for s in scheme.declared
    )
    return f"{scheme.name}: {scheme.title}" if scheme.title else scheme.name, [
        ("source", scheme.cite or ""),
        ("method", ", ".join(words)),
        ("coefficients", _coefficients(report)),
        ("symbols", symbols),
        ("slots", ", ".join(scheme.slots) if len(scheme.slots) > 1 else ""),
    ]


def _coefficients(report: Report) -> str:
    found = report.verdict.field
    return "decimals, rounded in their last place" if found == "decimal" else f"exact, in {found}"


# --------------------------------------------------------------------------- order


def _order(report: Report) -> Iterator[Row]:
    verdict = report.verdict
    assert verdict.scheme is not None
    if claim := claimed(verdict.scheme.claim):
        yield "claimed", claim
    results = list(verdict.orders.each.values()) if verdict.orders is not None else []
    for result in results:
        label = "order" if result.kind == "advanced" else "embedded order"
        several = sum(other.kind == result.kind for other in results) > 1
        yield label + (f" of {result.key}" if several else ""), _proof(result)
    if verdict.order is not None and verdict.order_nonautonomous != verdict.order:
        found = verdict.order_nonautonomous
        yield "for f(t, u)", "no order: there is no time" if found is None else f"order {found}"
    if at := starts(verdict.scheme):
        yield "at", at
    if verdict.zero_stable is not None:
        yield "zero-stable", yes(verdict.zero_stable)
    if verdict.swept is not None and verdict.swept.order is not None:
        yield f"with {count(verdict.scheme.sweeps or 0, 'sweep')}", f"order {verdict.swept.order}"


def _proof(result: OrderResult) -> str:
    if result.order is None:
        return f"has no meaning: {result.reason}"
    text = f"{result.said}, proved {proved(result)}"
    if result.outcome == "fails" and result.failures:
        first, many = result.failures[0], len(result.failures)
        verb = "fails," if many == 1 else "fail, the first"
        text += (
            f"; {count(many, 'condition')} of order {first.order} {verb} {first.tree}, "
            f"{first.differential}: wants {first.wanted}, gets {exact(first.got)}"
        )
    elif result.reason:
        text += f"; {result.reason}"
    return text


_BLOCKS: dict[str, tuple[str, Callable[..., Iterator[Row]]]] = {
    "runge_kutta": ("Runge-Kutta theory", theory_rows.runge_kutta),
    "stability": ("Linear stability", theory_rows.stability),
    "multistep": ("Linear multistep theory", theory_rows.multistep),
    "modified_equation": ("Modified equation", theory_rows.modified),
    "stochastic": ("Stochastic view", stochastic_rows.stochastic),
    "amplification": ("Rounding", network_rows.amplification),
    "variance": ("Growth of the forward variance (heuristic)", network_rows.variance),
    "cost": ("Cost of a block", network_rows.cost),
    "concurrency": ("Concurrency", network_rows.concurrency),
}
