"""All analyses of one method, put together. A part that has no meaning says why."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from butcher.analysis.conditions.proof import OrderResult
from butcher.analysis.limits import TooLargeError, UndefinedError
from butcher.analysis.linear.stability import stability
from butcher.analysis.modified.equation import modified_equation
from butcher.analysis.multistep.theory import multistep_theory
from butcher.analysis.network.amplification import amplification
from butcher.analysis.network.concurrency import concurrency
from butcher.analysis.network.cost import cost
from butcher.analysis.network.variance import variance
from butcher.analysis.runge_kutta.theory import runge_kutta
from butcher.analysis.stochastic.view import stochastic
from butcher.coefficient import BudgetExceededError, ExpressionTooLargeError, budget
from butcher.compiler.lookup import resolve
from butcher.compiler.report.plain import Plain, plain
from butcher.compiler.report.words import TOO_LONG
from butcher.compiler.sweeps import straightened, too_many
from butcher.compiler.verdict import Verdict, examine
from butcher.errors import SpecError
from butcher.ir.graph import Graph
from butcher.ir.lower import lower
from butcher.passes.prune import prune
from butcher.spec import Scheme
from butcher.spec.expression import MOST_ARITHMETIC

Question = Callable[..., object]

METHOD: Mapping[str, Question] = {
    "runge_kutta": runge_kutta,
    "stability": stability,
    "multistep": multistep_theory,
    "modified_equation": modified_equation,
    "stochastic": stochastic,
}
"""What is asked of the method as the file has it."""

STAGES: Mapping[str, Question] = {"amplification": amplification, "variance": variance}
"""What is asked of the block or, of an implicit method without sweeps, of the method."""

BLOCK: Mapping[str, Question] = {"cost": cost, "concurrency": concurrency}
"""What is asked of the block that is compiled from it, pruned and unrolled."""

PARTS = (*METHOD, *STAGES, *BLOCK)

LONGEST_PART = 2 * MOST_ARITHMETIC
"""A part asks several questions, each with a bound of its own; one too long leaves the others."""


@dataclass(frozen=True)
class Report:
    """Everything known of one method.

    verdict     what `butcher check` says.
    parts       by name, as in PARTS: the dataclass of the analysis.
    undefined   by name, of the parts that are not there: why.
    """

    verdict: Verdict
    parts: Mapping[str, object] = field(default_factory=dict)
    undefined: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The object of `butcher check --json`, and after it each part; null where undefined."""
        scheme, orders = self.verdict.scheme, self.verdict.orders
        proofs = list(orders.each.values()) if orders is not None else []
        found = self.verdict.as_json()
        diagnostics = found.pop("diagnostics")
        return {
            **found,
            "title": scheme.title if scheme is not None else None,
            "cite": scheme.cite if scheme is not None else None,
            "digest": scheme.digest if scheme is not None else None,
            "proofs": [_proof(result) for result in proofs],
            **{name: plain(self.parts.get(name)) for name in PARTS},
            "undefined": dict(self.undefined),
            "diagnostics": diagnostics,
        }

    def __str__(self) -> str:
        """A table for a terminal."""
        from butcher.compiler.report.table import table

        return table(self)


def _proof(result: OrderResult) -> dict[str, Plain]:
    """One row's order, and the first condition that it misses."""
    first = result.failures[0] if result.outcome == "fails" else None
    return {
        "row": result.key,
        "kind": result.kind,
        "order": result.order,
        "outcome": result.outcome,
        "exact": result.exact,
        "reason": result.reason,
        "failing": len(result.failures),
        "first_failure": plain(first),
    }


def analyze(scheme: Scheme | str | os.PathLike[str], *, order: int | None = None) -> Report:
    """Everything that is known of a method: order, stability, modified equation, cost.

    scheme   a Scheme, text (with a line break), a path, or a shipped name.
    order    how far the modified equation goes, up to h^(order-1); by default to its first
             correction.

    `print(report)` is the table of the command, `report.as_json()` what it prints with `--json`.
    False claims do not raise: they stand in `report.verdict.diagnostics`. Raises SpecError for
    what cannot be read.
    """
    found = report(examine(resolve(scheme)), order)
    if found.verdict.graph is None:
        raise SpecError(found.verdict.diagnostics, found.verdict.source)
    return found


def report(verdict: Verdict, order: int | None = None) -> Report:
    """The report of a file that was examined; empty if its rows could not be made."""
    if verdict.scheme is None or verdict.graph is None:
        return Report(verdict)
    parts: dict[str, object] = {}
    undefined: dict[str, str] = {}
    for name, ask in _questions(verdict.scheme, verdict.graph, order):
        try:
            with budget(LONGEST_PART):
                parts[name] = ask()
        except UndefinedError as error:
            undefined[name] = str(error)
        except (TooLargeError, BudgetExceededError, ExpressionTooLargeError) as error:
            undefined[name] = f"{TOO_LONG}: {error}".rstrip(": ")
    return Report(verdict, parts, undefined)


def _questions(
    scheme: Scheme, graph: Graph, order: int | None
) -> Iterator[tuple[str, Callable[[], object]]]:
    """Every part by name, and what computes it."""
    for name, ask in METHOD.items():
        more = (order,) if name == "modified_equation" else ()
        yield name, partial(ask, graph, *more)
    block = cache(partial(_block, scheme))
    for name, ask in STAGES.items():
        yield name, partial(_asked, ask, partial(_stages, block, scheme))
    for name, ask in BLOCK.items():
        yield name, partial(_asked, ask, block)


def _asked(ask: Question, made: Callable[[], Graph]) -> object:
    return ask(made())


def _held(scheme: Scheme) -> Graph:
    """The graph with the step as the file holds it: a trained one is saved for the backward pass,
    and one that begins at 0 lets nothing grow.
    """
    try:
        return lower(scheme)
    except SpecError as error:
        raise UndefinedError(error.diagnostics[-1].message) from None


def _stages(block: Callable[[], Graph], scheme: Scheme) -> Graph:
    try:
        return block()
    except UndefinedError:
        return _held(scheme)


def _block(scheme: Scheme) -> Graph:
    """What a compiled block evaluates. Without `solve`, an implicit method has no block."""
    graph = _held(scheme)
    if graph.sweeps is None and not graph.is_explicit:
        raise UndefinedError("an implicit method without `solve picard N` has no block")
    if problem := next(too_many(scheme, prune(graph)), None):
        raise UndefinedError(problem.message)
    return straightened(graph)
