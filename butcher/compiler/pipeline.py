"""The whole pipeline: a scheme in, the text of a torch module out."""

from __future__ import annotations

import keyword
import math
import os
from fractions import Fraction
from typing import Literal, get_args

from butcher.analysis.order import OrderResult, order
from butcher.coefficient import ONE, Coefficient, Number
from butcher.compiler.claims import claimed, proved, starts
from butcher.compiler.lookup import resolve
from butcher.compiler.verdict import Verdict, examine, stages
from butcher.emit.torch_module import Header, emit_module
from butcher.errors import Diagnostic, Severity, SpecError, error, has_errors, warning
from butcher.ir.graph import Graph
from butcher.ir.lower import Step, lower
from butcher.passes.prune import prune
from butcher.passes.share import share
from butcher.passes.unroll import unroll
from butcher.spec import Scheme
from butcher.version import __version__

Weights = Literal["per-stage", "shared"]


class OptionError(ValueError):
    """An option that does not exist, or that cannot be used with this method."""


def compile(  # the word for what this does
    scheme: Scheme | str | os.PathLike[str],
    *,
    step: str | None = None,
    h: float | Fraction | None = None,
    weights: str | None = None,
    class_name: str | None = None,
    verify: bool = True,
) -> str:
    """The source of a standalone `torch.nn.Module`; nothing here imports torch.

    scheme      a Scheme, text (with a line break), a path, or a shipped name.
    step        how the step is held: "fixed", "learned" or "per-stage".
    h           its value, or start value.
    weights     "per-stage" or "shared".
    class_name  of the class; the method's name in CamelCase if not given.
    verify      whether the claims are verified; a false one is an error.

    None means what the file says; else a fixed step of 1, per stage. Raises SpecError for a
    method that has errors, OptionError for options that cannot be.
    """
    source, _ = translate(
        resolve(scheme), step=step, h=h, weights=weights, class_name=class_name, verify=verify
    )
    return source


def translate(
    scheme: Scheme,
    *,
    step: str | None = None,
    h: float | Fraction | None = None,
    weights: str | None = None,
    class_name: str | None = None,
    verify: bool = True,
) -> tuple[str, tuple[Diagnostic, ...]]:
    """As `compile`, with the warnings."""
    mode = _step(step)
    scheme = _with_weights(scheme, weights)
    verdict = examine(scheme, verify=verify)
    graph = prune(lower(scheme, mode, None if h is None else _exact(h)))
    findings = [*verdict.diagnostics, *_options(scheme, graph, mode, h)]
    if has_errors(findings):
        raise SpecError(findings, scheme.source)
    lines = _verified(scheme, verdict)
    if not graph.is_explicit:
        lines += _swept(scheme, verdict, findings)
    graph = straightened(graph)
    header = Header(
        class_name=_class_name(scheme, class_name),
        name=scheme.name,
        order=verdict.order,
        stages=stages(scheme),
        digest=scheme.digest,
        version=__version__,
        title=scheme.title,
        cite=scheme.cite,
        verified=tuple(lines),
        options=(
            ("step", _step_words(graph)),
            ("weights", "shared" if scheme.shared else "per stage"),
        ),
    )
    warnings = tuple(d for d in findings if d.severity is Severity.WARNING)
    return emit_module(graph, header), warnings


# --------------------------------------------------------------------------- options


def _step(step: str | None) -> Step | None:
    if step == "controlled":
        raise OptionError(
            "step control is not available yet; compile with fixed, learned or per-stage"
        )
    match step:
        case None | "fixed" | "learned" | "per-stage":
            return step
        case _:
            known = ", ".join(get_args(Step))
            raise OptionError(f"no step is called {step!r}; there are {known}")


def _with_weights(scheme: Scheme, weights: str | None) -> Scheme:
    if weights is None:
        return scheme
    if weights not in get_args(Weights):
        raise OptionError(f"weights are per-stage or shared, not {weights!r}")
    return scheme.model_copy(update={"shared": weights == "shared"})


def _exact(h: float | Fraction) -> Number:
    """The number meant: of a float, what it prints as."""
    return Number.of(h if isinstance(h, Fraction) else Fraction(str(h)))


def _class_name(scheme: Scheme, wanted: str | None) -> str:
    name = wanted or scheme.class_name
    if not (name.isidentifier() and name.isascii()) or keyword.iskeyword(name):
        raise OptionError(f"{name!r} is no name for a class; give one with --class-name")
    return name


def _options(
    scheme: Scheme, graph: Graph, mode: Step | None, h: float | Fraction | None
) -> list[Diagnostic]:
    """What the file and the options make impossible together."""
    span = scheme.place.span
    found: list[Diagnostic] = []
    step = next(s for s in scheme.symbols if s.name == "h")
    learned = mode not in {None, "fixed"} or (mode is None and step.kind == "learn")
    start = step.start if h is None else _exact(h)
    uses_step = any(name == "h" or name.startswith("h:") for name in graph.names)
    if not uses_step and (learned or start != ONE):
        what = "a learned h" if learned else f"h = {start}"
        found.append(
            error(
                "B502",
                span,
                f"{what} is asked for, and the body never uses h",
                "Write h before the slots that it steps: `u[n+1] = u[n] + h*f(u[n])`.",
            )
        )
    if learned and step.bounds is not None and not step.bounds[0] < start < step.bounds[1]:
        low, high = step.bounds
        raise OptionError(f"h = {start} is not inside the file's bounds for it, ({low}, {high})")
    found += [
        error(
            "B504",
            term.span or span,
            f"the coefficient of {term.source} in {row.key} is out of the range of doubles",
            "A block computes in double precision at most.",
        )
        for row in graph.rows
        for term in row.terms
        if not is_double(term.coefficient)
    ]
    if not graph.is_explicit and graph.sweeps is None:
        found.append(
            error(
                "B501",
                span,
                "the method is implicit: its stages depend on each other in a circle",
                "Say how they are computed, with a clause such as `solve picard 3`.",
            )
        )
    return found


def _step_words(graph: Graph) -> str:
    steps = [s for s in graph.symbols if s.name == "h" or s.name.startswith("h:")]
    if len(steps) == 1 and steps[0].kind == "h":
        return "fixed"
    return "learned per stage" if steps and steps[0].scope == "stage" else "learned"


def is_double(coefficient: Coefficient) -> bool:
    """Whether its numbers are finite as doubles, and none but zero is zero."""
    numbers = [c for p in (coefficient.numerator, coefficient.denominator) for _, c in p.terms]
    return all(math.isfinite(float(number)) and float(number) != 0 for number in numbers)


# --------------------------------------------------------------------------- what the header says


def _verified(scheme: Scheme, verdict: Verdict) -> list[str]:
    """How the order of the method was verified, in sentences."""
    if verdict.orders is None:
        claim = claimed(scheme.claim)
        return [f"Order {claim} is claimed and was not verified." if claim else "No order known."]
    advanced = verdict.orders.advanced
    if advanced.order is None:
        return [f"Order has no meaning here: {advanced.reason}."]
    lines = [_sentence("Order", advanced)]
    lines += [_sentence("Embedded order", r) for r in verdict.orders.estimates if r.order]
    if starts(scheme):
        lines.append(f"Verified at {starts(scheme)}.")
    return lines


def _sentence(what: str, result: OrderResult) -> str:
    text = f"{what} {result.order}: all conditions up to it hold {proved(result)}"
    if result.outcome == "fails" and result.order is not None:
        text += f", not all of order {result.order + 1}"
    return f"{text}."


def straightened(graph: Graph) -> Graph:
    """Sweeps written out, equal evaluations shared, and what then falls away pruned."""
    return prune(share(unroll(graph)))


def _swept(scheme: Scheme, verdict: Verdict, findings: list[Diagnostic]) -> list[str]:
    """The order of the block that the sweeps make, and a warning if it is lower."""
    if verdict.graph is None or verdict.order is None:
        return []
    own = order(straightened(prune(verdict.graph)), verdict.order).advanced
    if own.order is not None and own.order < verdict.order:
        message = f"`solve picard {scheme.sweeps}` reaches order {own.order}; "
        message += f"the method has order {verdict.order}"
        hint = f"`solve picard {verdict.order}` reaches it."
        findings.append(warning("B503", scheme.place.span, message, hint))
    sweeps = "1 sweep" if scheme.sweeps == 1 else f"{scheme.sweeps} sweeps"
    return [f"With {sweeps} the block has order {own.order}, verified {proved(own)}."]
