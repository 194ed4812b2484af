"""What is known of a method although its body could not be read whole."""

from __future__ import annotations

from dataclasses import dataclass

from butcher.frontend import tree
from butcher.frontend.parser import parse
from butcher.source import Source, Span
from butcher.spec.clauses import claim
from butcher.spec.report import Report

_KINDS: dict[type[tree.Body], str] = {
    tree.Tableau: "runge-kutta",
    tree.Multistep: "multistep",
    tree.Step: "scheme",
}


@dataclass(frozen=True)
class Outline:
    """The name, the kind of body and the claim; None where even that is not there."""

    name: str | None = None
    kind: str | None = None
    claimed_order: int | None = None
    claimed_embedded_order: int | None = None


def outline(source: Source) -> Outline:
    """What the text says above its body."""
    method, _ = parse(source)
    if method is None:
        return Outline()
    claimed = claim(method.clauses, Report(partial=True))
    return Outline(
        name=written(source, method.name.id, method.name.span),
        kind=_KINDS[type(method.bodies[0])] if method.bodies else None,
        claimed_order=claimed.order if claimed is not None else None,
        claimed_embedded_order=claimed.embedded if claimed is not None else None,
    )


def written(source: Source, name: str, span: Span) -> str | None:
    """The name, if it stands there: a method without one is read on under a name put in."""
    here = source.line(span.line)[span.column - 1 :]
    return name if here.startswith(name) else None
