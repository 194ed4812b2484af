"""What a report says, line by line: labels and values, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, cast

from butcher.analysis.conditions.proof import OrderResult
from butcher.coefficient import ONE, ZERO
from butcher.compiler.claims import claimed, proved, starts
from butcher.compiler.precision import whole
from butcher.compiler.report.words import (
    approximate,
    end,
    exact,
    interval,
    order_of,
    polynomial,
    yes,
)

if TYPE_CHECKING:
    from butcher.analysis.linear.stability import Stability
    from butcher.analysis.modified.equation import ModifiedEquation
    from butcher.analysis.multistep.theory import MultistepTheory, SymbolRegion
    from butcher.analysis.network.amplification import Amplification
    from butcher.analysis.network.concurrency import Concurrency
    from butcher.analysis.network.cost import Cost
    from butcher.analysis.network.variance import VarianceHeuristic
    from butcher.analysis.runge_kutta.principal_error import PrincipalError
    from butcher.analysis.runge_kutta.theory import RungeKuttaTheory
    from butcher.compiler.report.gather import Report

Row = tuple[str, str]
Block = tuple[str, list[Row]]


def blocks(report: Report) -> Iterator[Block]:
    """Every block with its title; a part that is undefined is one line with the reason."""
    yield _heading(report)
    yield "Order", list(_order(report))
    for name, (title, rows) in _BLOCKS.items():
        if name in report.parts:
            yield title, list(rows(report.parts[name]))
    missing = [(_BLOCKS[name][0].lower(), why) for name, why in report.undefined.items()]
    if missing:
        yield "Not there", missing


def _heading(report: Report) -> Block:
    scheme, known = report.verdict.scheme, report.verdict.as_json()
    assert scheme is not None
    kind = {"runge-kutta": "Runge-Kutta", "multistep": "linear multistep"}.get(
        scheme.body.kind, "update equations"
    )
    count = known["stages"]
    words = [
        kind,
        "explicit" if known["explicit"] else "implicit",
        f"{count} stage" if count == 1 else f"{count} stages",
        f"{known['steps']} steps" if known["steps"] > 1 else "one step",
    ]
    symbols = ", ".join(f"{s.name} ({s.kind})" for s in scheme.declared)
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
    for result in verdict.orders.each.values() if verdict.orders is not None else ():
        label = {"advanced": "order", "bhat": "embedded order", "err": "embedded order"}
        several = verdict.orders is not None and _several(verdict.orders.each.values(), result)
        name = label[result.kind] + (f" of {result.key}" if several else "")
        yield name, _proof(result)
    if verdict.order is not None and verdict.order_nonautonomous != verdict.order:
        found = verdict.order_nonautonomous
        yield "for f(t, u)", "no order: there is no time" if found is None else f"order {found}"
    if at := starts(verdict.scheme):
        yield "at", at
    if verdict.zero_stable is not None:
        yield "zero-stable", yes(verdict.zero_stable)
    if verdict.swept is not None and verdict.swept.order is not None:
        yield f"with {verdict.scheme.sweeps} sweeps", _proof(verdict.swept)


def _several(results: object, result: OrderResult) -> bool:
    return sum(r.kind == result.kind for r in cast("list[OrderResult]", results)) > 1


def _proof(result: OrderResult) -> str:
    if result.order is None:
        return f"has no meaning: {result.reason}"
    least = "" if result.outcome == "fails" else "at least "
    text = f"{least}{result.order}, proved {proved(result)}"
    if result.outcome == "fails" and result.failures:
        first, count = result.failures[0], len(result.failures)
        text += (
            f"; {_count(count, 'condition')} of order {first.order} "
            f"{'fails' if count == 1 else 'fail'}, the first {first.tree}, "
            f"{first.differential}: wants {first.wanted}, gets {exact(first.got)}"
        )
    elif result.reason:
        text += f"; {result.reason}"
    return text


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


# --------------------------------------------------------------------------- Runge-Kutta


def _runge_kutta(found: RungeKuttaTheory) -> Iterator[Row]:
    kind = found.kind + (", confluent" if found.confluent else "")
    yield "kind", kind
    if found.stage_order is not None:
        yield "stage order", approximate(found.stage_order)
    if found.pseudo_stage_order not in (None, found.stage_order):
        yield "pseudo stage order", approximate(found.pseudo_stage_order)
    if found.weak_stage_order is not None:
        yield "weak stage order", approximate(found.weak_stage_order)
    assumptions = {"B": found.b_p, "C": found.c_q, "D": found.d_r}
    yield (
        "assumptions",
        ", ".join(f"{k}({approximate(v)})" for k, v in assumptions.items() if v is not None),
    )
    properties = {
        "FSAL": found.fsal,
        "stiffly accurate": found.stiffly_accurate,
        "symplectic": found.symplectic,
        "symmetric": found.symmetric,
        "algebraically stable": found.algebraically_stable,
    }
    yield "is", ", ".join(name for name, holds in properties.items() if holds)
    yield "is not", ", ".join(name for name, holds in properties.items() if holds is False)
    if found.ssp_coefficient is not None:
        yield "SSP coefficient", exact(found.ssp_coefficient)
    yield "principal error", _principal(found.principal_error)
    yield "embedded error", _principal(found.embedded_principal_error)
    if found.pair is not None:
        yield (
            "error estimate",
            ", ".join(
                f"{name} {approximate(value)}"
                for name, value in {"B": found.pair.B, "C": found.pair.C, "E": found.pair.E}.items()
            ),
        )
    for reason in found.unknown:
        yield "not known", reason


def _principal(error: PrincipalError | None) -> str:
    if error is None:
        return ""
    return (
        f"norm {approximate(error.norm)} over {_count(error.conditions, 'tree')} of order "
        f"{error.order + 1}, largest {approximate(error.maximum)} of {error.largest}"
    )


# --------------------------------------------------------------------------- linear stability


def _stability(found: Stability) -> Iterator[Row]:
    yield "test equation", found.test_equation
    if found.numerator is not None and found.denominator is not None:
        above, below = polynomial(found.numerator, "z"), polynomial(found.denominator, "z")
        yield "R(z)", above if below == "1" else f"({above}) / ({below})"
    yield "real interval", interval(found.real_interval, "(-{}, 0)")
    yield "imaginary interval", interval(found.imaginary_interval, "i(-{0}, {0})")
    if found.a_stable is not None:
        yield "A-stable", yes(found.a_stable)
    if found.l_stable is not None and found.a_stable:
        yield "L-stable", yes(found.l_stable)
    if found.r_at_infinity is not None and found.denominator != (ONE,):
        yield "R(infinity)", end(found.r_at_infinity)
    if found.dispersion_order is not None:
        yield "dispersion", order_of(found.dispersion_order, found.dispersion_constant)
    if found.dissipation_order is not None:
        yield "dissipation", order_of(found.dissipation_order, found.dissipation_constant)
    yield "not known", _unknown(found)


def _unknown(found: Stability) -> str:
    """What has a meaning and no answer."""
    direct = found.test_equation.startswith("u' =")
    answers = {
        "real interval": found.real_interval if direct else 0,
        "imaginary interval": found.imaginary_interval,
        "A-stability": found.a_stable if direct and found.numerator is not None else False,
    }
    names = ", ".join(name for name, answer in answers.items() if answer is None)
    long = "it would take too long to compute"
    why = long if found.exact else f"the digits printed leave it open, or {long}"
    return f"{names}: {why}" if names else ""


# --------------------------------------------------------------------------- multistep


def _multistep(found: MultistepTheory) -> Iterator[Row]:
    yield "rho", polynomial(found.rho, "w")
    yield "sigma", polynomial(found.sigma, "w")
    yield "consistent", _consistent(found)
    yield "error constant", exact(found.error_constant)
    yield "reducible", "rho and sigma have a common root" if found.irreducible is False else ""
    yield "roots of rho", _roots(found)
    yield "zero-stable", _zero_stable(found)
    for region in found.symbol_regions:
        yield "zero-stable where", _region(region)
    for jump in found.order_jumps:
        unstable = "" if jump.zero_stable else ", but not zero-stable"
        at = f"{jump.symbol} = {exact(jump.value)}"
        weight = found.consistent_weight
        weighted = f", with {weight} before the slot" if weight is not None else ""
        yield "higher order", f"{jump.order} at {at}{unstable}{weighted}"
    if found.a_stable:
        yield "A-stable", "yes"
    elif found.a_alpha is not None:
        yield "A(alpha)-stable", f"alpha = {approximate(found.a_alpha)} degrees"
    elif found.a_stable is False:
        yield "A-stable", "no, nor A(0)"
    elif found.derivative == 1:
        yield "A-stable", "not known"
    if found.stable_at_infinity and found.damping_at_infinity is not None:
        yield "at infinity", f"stable, a step leaves {exact(found.damping_at_infinity)}"
    if found.ssp_coefficient is not None:
        yield "SSP coefficient", exact(found.ssp_coefficient)
    for name in found.undecided:
        yield "not known", f"{name}: it would take too long to compute"


def _consistent(found: MultistepTheory) -> str:
    if found.steps_equation is None:
        if found.consistent and sum(found.sigma, ZERO):
            return "with the file's equation"
        undecided = "steps_equation" in found.undecided or found.irreducible is None
        return "not known with which equation" if undecided else "with no equation"
    if found.consistent:
        return f"with {found.steps_equation}"
    reached = found.consistent_order
    to_order = "" if reached is None else f", to order {reached}"
    return (
        f"with {found.steps_equation}{to_order}; with the file's equation if "
        f"{found.consistent_weight} stands before the slot"
    )


def _roots(found: MultistepTheory) -> str:
    texts = []
    for root in found.roots or ():
        text = exact(root.real)
        if root.imaginary:
            text = f"{approximate(float(root.real))}{float(root.imaginary):+.6g}i"
        times = f" ({root.multiplicity} times)" if root.multiplicity > 1 else ""
        modulus = f" of modulus {exact(root.modulus)}" if root.imaginary else ""
        texts.append(f"{text}{modulus}{times}")
    return ", ".join(texts)


def _zero_stable(found: MultistepTheory) -> str:
    weak = ", weakly: roots besides 1 lie on the unit circle" if found.weakly_stable else ""
    return yes(found.zero_stable) + weak


def _region(region: SymbolRegion) -> str:
    at = f", at {', '.join(region.others)}" if region.others else ""
    note = f" ({region.note})" if region.note else ""
    return f"{region.region}{at}{note}"


# --------------------------------------------------------------------------- modified equation


def _modified(found: ModifiedEquation) -> Iterator[Row]:
    yield "difference eq.", found.defect or ""
    yield "modified eq.", found.form or ""
    if found.form and found.at:
        yield "at", ", ".join(found.at)


# --------------------------------------------------------------------------- what a network needs


def _amplification(found: Amplification) -> Iterator[Row]:
    rows = {row.key: row for row in found.rows}
    if found.largest is not None:
        row = rows[found.largest]
        name = f"{row.key} ({', '.join(row.evaluations)})" if row.evaluations else row.key
        yield "largest sum |a_ij|", f"{approximate(row.amplification)} in {name}"
    if found.error is not None:
        yield (
            "rounding error",
            f"at most {whole(found.error)} units of roundoff, {found.worst}",
        )
    safe = [p.dtype for p in found.precisions if p.safe]
    unsafe = [
        f"{p.dtype} (up to {whole(p.predicted_error)} times the state)"
        for p in found.precisions
        if p.safe is False and p.predicted_error is not None
    ]
    yield "safe in", ", ".join(safe)
    yield "at risk in", ", ".join(unsafe)


def _variance(found: VarianceHeuristic) -> Iterator[Row]:
    yield "with He's initialisation", approximate(found.heuristic_growth_he)
    yield "with normalised branches", approximate(found.heuristic_growth_normalised)
    if found.heuristic_growth_per_block != found.heuristic_growth_he:
        yield "a block among many", approximate(found.heuristic_growth_per_block)


def _cost(found: Cost) -> Iterator[Row]:
    yield "evaluations", str(found.evaluations)
    yield (
        "maps carried",
        f"{found.live_maps} if kept to their last use, {found.live_maps_floor} at least"
        + (f", rank {found.live_maps_rank}" if found.live_maps_rank is not None else ""),
    )
    yield "maps saved to train", f"{found.saved_maps} besides those of the sub-nets"
    forms = {
        "as written": found.as_written,
        "chained": found.chained,
        "fused": found.fused,
    }
    yield (
        "elementwise passes",
        ", ".join(f"{form.passes} {name}" for name, form in forms.items()),
    )
    yield "kernels", ", ".join(f"{form.kernels} {name}" for name, form in forms.items())


def _concurrency(found: Concurrency) -> Iterator[Row]:
    yield "critical path", _count(found.critical_path, "evaluation")
    together = [" | ".join(level) for level in found.levels if len(level) > 1]
    yield "side by side", "; ".join(together) or "nothing"


_BLOCKS: dict[str, tuple[str, Callable[..., Iterator[Row]]]] = {
    "runge_kutta": ("Runge-Kutta theory", _runge_kutta),
    "stability": ("Linear stability", _stability),
    "multistep": ("Linear multistep theory", _multistep),
    "modified_equation": ("Modified equation", _modified),
    "amplification": ("Rounding", _amplification),
    "variance": ("Growth of the forward variance (heuristic)", _variance),
    "cost": ("Cost of a block", _cost),
    "concurrency": ("Concurrency", _concurrency),
}
