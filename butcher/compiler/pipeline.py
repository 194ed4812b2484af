"""The whole pipeline: a scheme in, the text of a torch module out."""

from __future__ import annotations

from fractions import Fraction

from butcher.compiler.bounded import bounded
from butcher.compiler.control import controlled, lower_order
from butcher.compiler.form import check_fused, chosen_form
from butcher.compiler.heading import heading
from butcher.compiler.lookup import Named, resolve
from butcher.compiler.options import (
    CONTROLLED,
    Checkpoint,
    OptionError,
    chosen_checkpoint,
    chosen_evaluations,
    chosen_name,
    chosen_start,
    chosen_step,
    chosen_weights,
    unusable,
)
from butcher.compiler.starting import chosen_starts, started
from butcher.compiler.sweeps import straightened, too_many
from butcher.compiler.verdict import examine
from butcher.emit.torch_module import NotAFloatError, emit_module
from butcher.errors import Diagnostic, Severity, SpecError, error, has_errors
from butcher.ir.lower import lower
from butcher.passes.prune import prune
from butcher.spec import Scheme


def compile(  # the word for what this does
    scheme: Named,
    *,
    step: str | None = None,
    h: float | Fraction | None = None,
    weights: str | None = None,
    class_name: str | None = None,
    verify: bool = True,
    starts: Named | None = None,
    evaluations: str | None = None,
    checkpoint: str | None = None,
    form: str | None = None,
) -> str:
    """The source of a standalone `torch.nn.Module`; nothing here imports torch.

    scheme      a Scheme, text (with a line break), a path, or a shipped name.
    step        how the step is held: "fixed", "learned", "per-stage" or "controlled".
    h           its value, or start value; of a controlled step what all steps together make.
    weights     "per-stage" or "shared".
    class_name  of the class; the method's name in CamelCase if not given.
    verify      whether the claims are verified; a false one is an error.
    starts      a multistep method that this one-step method starts: the block takes and gives the
                states of that one.
    evaluations "in-turn", or "together": on a CUDA device those that need nothing of each other
                run side by side, elsewhere nothing changes.
    checkpoint  "none", or what training evaluates again instead of storing it: of each evaluation
                everything but its argument, "stage", or of the block all but its states, "block".
    form        "plain", or "fused": the arithmetic between stages is that of `butcher.kernels`,
                which the file then imports.

    None means what the file says; else a fixed step of 1, per stage, in turn, plain. Raises
    SpecError for a method that has errors, OptionError for options that cannot be.
    """
    source, _ = translate(
        resolve(scheme),
        step=step,
        h=h,
        weights=weights,
        class_name=class_name,
        verify=verify,
        starts=starts,
        evaluations=evaluations,
        checkpoint=checkpoint,
        form=form,
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
    starts: Named | None = None,
    evaluations: str | None = None,
    checkpoint: str | None = None,
    form: str | None = None,
) -> tuple[str, tuple[Diagnostic, ...]]:
    """As `compile`, with the warnings."""
    other, together = chosen_starts(starts), chosen_evaluations(evaluations)
    again = chosen_checkpoint(checkpoint, step, together=together)
    fused = chosen_form(form, step=step, together=together)
    with bounded(scheme, 6):
        return _translated(
            scheme, step, h, weights, class_name, verify, other, together, again, fused
        )


def _translated(
    scheme: Scheme,
    step: str | None,
    h: float | Fraction | None,
    weights: str | None,
    class_name: str | None,
    verify: bool,
    starts: Scheme | None,
    together: bool,
    checkpoint: Checkpoint | None,
    fused: bool,
) -> tuple[str, tuple[Diagnostic, ...]]:
    mode, name = chosen_step(step), chosen_name(scheme, class_name, starts)
    start = chosen_start(scheme, mode, h)
    scheme = chosen_weights(scheme, weights)
    verdict = examine(scheme, verify=verify)
    if verdict.graph is None:
        raise SpecError(verdict.diagnostics, scheme.source)
    findings = [*verdict.diagnostics, *too_many(scheme, prune(verdict.graph))]
    if has_errors(findings):  # before the same work is done for the step that was asked for
        raise SpecError(findings, scheme.source)
    is_controlled = step == CONTROLLED
    if is_controlled and starts is not None:
        raise OptionError("a block that starts another method takes one step: it is not controlled")
    lowered = lower(scheme, mode, start)
    graph = controlled(scheme, lowered) if is_controlled else prune(lowered)
    findings += unusable(scheme, graph, mode, start)
    if has_errors(findings):
        raise SpecError(findings, scheme.source)
    if not is_controlled:
        graph = started(straightened(graph), starts)
    if fused:
        check_fused(graph)
    q = lower_order(scheme, verdict) if is_controlled else None
    warnings = tuple(d for d in findings if d.severity is Severity.WARNING)
    try:
        header = heading(scheme, graph, verdict, name, starts, q, fused=fused)
        source = emit_module(graph, header, together=together, checkpoint=checkpoint)
        return source, warnings
    except NotAFloatError as problem:  # of sums that sharing made; others have been found above
        found = error("B504", scheme.place.span, str(problem))
        raise SpecError([*findings, found], scheme.source) from None
