"""What an emitted file says about its method: how the order was verified, and the options."""

from __future__ import annotations

from butcher.analysis.conditions.order import OrderResult
from butcher.compiler.claims import claimed, proved, starts
from butcher.compiler.verdict import Verdict, stages
from butcher.emit.torch_module import Header
from butcher.ir.graph import Graph
from butcher.ir.steps import is_step
from butcher.spec import Scheme
from butcher.version import __version__


def heading(
    scheme: Scheme,
    graph: Graph,
    verdict: Verdict,
    class_name: str,
    starts: Scheme | None = None,
    lower_order: int | None = None,
    *,
    fused: bool = False,
) -> Header:
    """The header of the emitted file.

    starts       the method whose states the block has.
    lower_order  of the pair, where the step is controlled.
    fused        whether it is written in the notation of `butcher.kernels`.
    """
    lines = _verified(scheme, verdict)
    sweeps = verdict.swept
    if sweeps is not None:
        count = "1 sweep" if scheme.sweeps == 1 else f"{scheme.sweeps} sweeps"
        lines.append(f"With {count} the block has order {sweeps.order}, verified {proved(sweeps)}.")
    return Header(
        class_name=class_name,
        name=scheme.name,
        order=verdict.order,
        stages=stages(scheme),
        digest=scheme.digest,
        version=__version__,
        title=scheme.title,
        cite=scheme.cite,
        verified=tuple(lines),
        options=(
            ("step", _step_words(graph, lower_order is not None)),
            ("weights", "shared" if scheme.shared else "per stage"),
            *([("form", "fused")] if fused else []),
            *([("starts", f"{starts.name} (digest {starts.digest})")] if starts else []),
        ),
        starts=starts.name if starts is not None else None,
        lower_order=lower_order,
        fused=fused,
    )


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
    text = f"{what} {result.order}"
    if result.order:
        text += f": all conditions up to it hold {proved(result)}"
    if result.outcome == "fails" and result.order is not None:
        text += ", not all of order " if result.order else ": it misses the condition of order "
        text += str(result.order + 1)
    return f"{text}."


def _step_words(graph: Graph, is_controlled: bool) -> str:
    steps = [s for s in graph.symbols if is_step(s.name)]
    if is_controlled:
        return "controlled" if steps[0].kind == "h" else "controlled and h learned"
    if len(steps) == 1 and steps[0].kind == "h":
        return "fixed"
    return "learned per stage" if steps and steps[0].scope == "stage" else "learned"
