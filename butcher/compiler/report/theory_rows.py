"""What a report says of a method's theory, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf

from butcher.analysis.linear.stability import Stability
from butcher.analysis.modified.equation import ModifiedEquation
from butcher.analysis.multistep.theory import MultistepTheory, SymbolRegion
from butcher.analysis.runge_kutta.principal_error import PrincipalError
from butcher.analysis.runge_kutta.theory import RungeKuttaTheory
from butcher.coefficient import ONE, ZERO
from butcher.compiler.report.words import (
    Row,
    approximate,
    count,
    end,
    exact,
    interval,
    order_of,
    polynomial,
    yes,
)


def not_known(reasons: Mapping[str, str]) -> Iterator[Row]:
    """The keys that have no answer, those with one reason together."""
    for reason in dict.fromkeys(reasons.values()):
        names = [name.replace("_", " ") for name, why in reasons.items() if why == reason]
        yield "not known", f"{', '.join(names)}: {reason}"


# --------------------------------------------------------------------------- Runge-Kutta


def runge_kutta(found: RungeKuttaTheory) -> Iterator[Row]:
    first = (found.stage_orders or (1,))[0]
    explicit_first = ", explicit first stage" if found.kind != "explicit" and first == inf else ""
    yield "kind", found.kind + explicit_first + (", confluent" if found.confluent else "")
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
            "pair (Prince-Dormand)",
            ", ".join(
                f"{name} {approximate(value)}"
                for name, value in {"B": found.pair.B, "C": found.pair.C, "E": found.pair.E}.items()
            ),
        )
    yield from not_known(found.unknown)


def _principal(error: PrincipalError | None) -> str:
    if error is None:
        return ""
    return (
        f"norm {approximate(error.norm)} over {count(error.conditions, 'tree')} of order "
        f"{error.order + 1}, largest {approximate(error.maximum)} of {error.largest}"
    )


# --------------------------------------------------------------------------- linear stability


def stability(found: Stability) -> Iterator[Row]:
    yield "test equation", found.test_equation
    if found.numerator is not None and found.denominator is not None:
        above, below = polynomial(found.numerator, "z"), polynomial(found.denominator, "z")
        yield "R(z)", above if below == "1" else f"({above}) / ({below})"
    yield "real interval", interval(found.real_interval, "(-{}, 0)")
    yield "imaginary interval", interval(found.imaginary_interval, "i(-{0}, {0})")
    if found.a_stable is not None and found.numerator is not None:
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


def multistep(found: MultistepTheory) -> Iterator[Row]:
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
        yield "at infinity", f"stable, the largest root is {exact(found.damping_at_infinity)}"
    if found.ssp_coefficient is not None:
        yield "SSP coefficient", exact(found.ssp_coefficient)
    yield from not_known(found.unknown)


def _consistent(found: MultistepTheory) -> str:
    if found.steps_equation is None:
        if found.consistent and sum(found.sigma, ZERO):
            return "with the file's equation"
        undecided = "steps_equation" in found.unknown or found.irreducible is None
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


def modified(found: ModifiedEquation) -> Iterator[Row]:
    yield "difference eq.", found.defect or ""
    yield "modified eq.", found.form or ""
    if found.form and found.at:
        yield "at", ", ".join(found.at)
