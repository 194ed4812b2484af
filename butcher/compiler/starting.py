"""A one-step method that starts a multistep one: the states of the block are those of the other."""

from __future__ import annotations

from butcher.compiler.bounded import bounded
from butcher.compiler.lookup import Named, resolve
from butcher.compiler.options import OptionError, implicit
from butcher.compiler.sweeps import straightened, too_many
from butcher.compiler.verdict import examine
from butcher.errors import SpecError, has_errors
from butcher.ir.graph import Graph
from butcher.passes.prune import prune
from butcher.passes.record import NotRecordableError, record
from butcher.spec import Scheme


def chosen_starts(starts: Named | None) -> Scheme | None:
    """The method that is started."""
    return None if starts is None else resolve(starts)


def started(graph: Graph, starts: Scheme | None) -> Graph:
    """The explicit block of a one-step method, with the states of the method that it starts."""
    if starts is None:
        return graph
    try:
        return record(graph, _block_of(starts))
    except NotRecordableError as problem:
        raise OptionError(f"{graph.name} cannot start {starts.name}: {problem}") from None


def _block_of(scheme: Scheme) -> Graph:
    """What `compile` makes of a method; its claims are verified where it is compiled itself."""
    verdict = examine(scheme, verify=False)
    if verdict.graph is None:
        raise SpecError(verdict.diagnostics, scheme.source)
    with bounded(scheme, 3):
        graph = prune(verdict.graph)
        findings = [*verdict.diagnostics, *too_many(scheme, graph), *implicit(scheme, graph)]
        if has_errors(findings):
            raise SpecError(findings, scheme.source)
        return straightened(graph)
