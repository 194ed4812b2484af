"""What can be asked of a compilation, checked against the method."""

from __future__ import annotations

import keyword
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Literal, get_args

from butcher.coefficient import ONE, Coefficient, Number
from butcher.errors import Diagnostic, error
from butcher.ir.graph import Graph
from butcher.ir.lower import Step
from butcher.ir.steps import is_step
from butcher.spec import Scheme, Symbol


class OptionError(ValueError):
    """An option that does not exist, or that cannot be used with this method."""


CONTROLLED = "controlled"
Checkpoint = Literal["stage", "block"]


def chosen_step(step: str | None) -> Step | None:
    """How h is held; None is what the file says. A controlled step says no more than in how many
    steps h is gone.
    """
    match step:
        case None | "fixed" | "learned" | "per-stage":
            return step
        case "controlled":
            return None
        case _:
            known = ", ".join([*get_args(Step), CONTROLLED])
            raise OptionError(f"no step is called {step!r}; there are {known}")


def chosen_weights(scheme: Scheme, weights: str | None) -> Scheme:
    """The scheme with the weights asked for."""
    match weights:
        case None:
            return scheme
        case "per-stage" | "shared":
            return scheme.model_copy(update={"shared": weights == "shared"})
        case _:
            raise OptionError(f"weights are per-stage or shared, not {weights!r}")


def chosen_evaluations(evaluations: str | None) -> bool:
    """Whether evaluations that need nothing of each other are called side by side; None is not."""
    match evaluations:
        case None | "in-turn":
            return False
        case "together":
            return True
        case _:
            raise OptionError(f"evaluations are in-turn or together, not {evaluations!r}")


def chosen_checkpoint(
    checkpoint: str | None, step: str | None, *, together: bool
) -> Checkpoint | None:
    """What training evaluates again instead of storing it; None is nothing."""
    match checkpoint:
        case None | "none":
            return None
        case "stage" | "block":
            pass
        case _:
            raise OptionError(f"checkpoint is none, stage or block, not {checkpoint!r}")
    if step == CONTROLLED:
        raise OptionError(
            "a block that controls its step has no checkpoint: compiled, it is a loop of torch's; "
            "leave checkpoint out, or wrap the block in butcher.models.Checkpointed"
        )
    if together:
        raise OptionError(
            "evaluations together have no checkpoint: on the way back each would be alone; write "
            "evaluations in-turn, or leave checkpoint out"
        )
    return checkpoint


def chosen_name(scheme: Scheme, name: str | None, starts: Scheme | None = None) -> str:
    """The name of the class: given, or the method's in CamelCase, as `EulerStartsLmResnet`."""
    if name is None:
        name = scheme.class_name + (f"Starts{starts.class_name}" if starts is not None else "")
    if not (name.isidentifier() and name.isascii()) or keyword.iskeyword(name):
        raise OptionError(f"{name!r} is no name for a class; give one with --class-name")
    return name


def exact(h: float | Fraction) -> Number:
    """The number meant: of a float, what it prints as."""
    try:
        return Number.of(h if isinstance(h, Fraction) else Fraction(str(h)))
    except ValueError:
        raise OptionError(f"h is a finite number, not {h}") from None


def chosen_start(scheme: Scheme, step: Step | None, h: float | Fraction | None) -> Number | None:
    """The value of h, or its start value, inside the bounds that the file gives a trained one."""
    if h is None:
        return None
    start, declared = exact(h), _step(scheme)
    if not is_double(start):
        raise OptionError("h is out of the range of doubles")
    if declared.bounds is not None and is_learned(scheme, step):
        low, high = declared.bounds
        if not low < start < high:
            raise OptionError(
                f"h = {start} is not inside the file's bounds for it, ({low}, {high})"
            )
    return start


def is_learned(scheme: Scheme, step: Step | None) -> bool:
    """Whether h is trained."""
    return step not in {None, "fixed"} or (step is None and _step(scheme).kind == "learn")


def _step(scheme: Scheme) -> Symbol:
    return next(symbol for symbol in scheme.symbols if symbol.name == "h")


# --------------------------------------------------------------------------- findings


def unusable(
    scheme: Scheme, graph: Graph, step: Step | None, h: Number | None
) -> Iterator[Diagnostic]:
    """What makes a method that can be analysed impossible to compile as asked."""
    yield from _unused_step(scheme, graph, step, h)
    yield from _out_of_range(scheme, graph)
    yield from implicit(scheme, graph)


def implicit(scheme: Scheme, graph: Graph) -> Iterator[Diagnostic]:
    """Circles, and nothing that says how they are computed."""
    if not graph.is_explicit and graph.sweeps is None:
        yield error(
            "B501",
            scheme.place.span,
            "the method is implicit: its stages depend on each other in a circle",
            "Say how they are computed, with a clause such as `solve picard 3`.",
        )


def _unused_step(
    scheme: Scheme, graph: Graph, step: Step | None, h: Number | None
) -> Iterator[Diagnostic]:
    if any(is_step(name) for name in graph.names):
        return
    start = _step(scheme).start if h is None else h
    if is_learned(scheme, step) or start != ONE:
        what = "a learned h" if is_learned(scheme, step) else f"h = {start}"
        yield error(
            "B502",
            scheme.place.span,
            f"{what} is asked for, and the body never uses h",
            "Write h before the slots that it steps: `u[n+1] = u[n] + h*f(u[n])`.",
        )


def _out_of_range(scheme: Scheme, graph: Graph) -> Iterator[Diagnostic]:
    hint = "A block computes in double precision at most."
    for row in graph.rows:
        for term in row.terms:
            if not all(is_double(number) for number in _numbers(term.coefficient)):
                what = f"the coefficient of {term.source} in {row.key}"
                span = term.span or scheme.place.span
                yield error("B504", span, f"{what} is out of the range of doubles", hint)
    for symbol in graph.symbols:
        arguments = symbol.distribution.arguments if symbol.distribution is not None else ()
        numbers = [
            symbol.start,
            *(symbol.bounds or ()),
            *(n for a in arguments for n in _numbers(a)),
        ]
        if symbol.place is not None and not all(is_double(number) for number in numbers):
            message = f"a number of `{symbol.name}` is out of the range of doubles"
            yield error("B504", symbol.place.span, message, hint)


def _numbers(coefficient: Coefficient) -> list[Number]:
    return [c for p in (coefficient.numerator, coefficient.denominator) for _, c in p.terms]


def is_double(number: Number) -> bool:
    """Whether it is finite as a double, and zero only if it is zero."""
    value = float(number)
    return math.isfinite(value) and bool(value) == bool(number)
