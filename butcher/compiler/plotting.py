"""Figures of methods: what is analysed of them, drawn."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from butcher.analysis.conditions.convergence import convergence
from butcher.analysis.limits import TooLargeError, UndefinedError
from butcher.analysis.linear.characteristic import characteristic_polynomial
from butcher.coefficient import BudgetExceededError, ExpressionTooLargeError, budget
from butcher.compiler.verdict import Verdict
from butcher.figure import KINDS, FigureError, Kind, Method, figure
from butcher.ir.graph import Graph
from butcher.spec.expression import MOST_ARITHMETIC


def plotted(verdicts: Sequence[Verdict], suffix: str, asked: Collection[str] = ()) -> bytes:
    """A figure of the methods as the content of a file with this suffix, `.pdf` say.

    asked   `stability`, `order-star`, `convergence`, a panel each; none: stability regions and,
            where there are some, order stars.

    Raises UnknownFormatError, FigureError for what cannot be drawn, MatplotlibMissingError.
    """
    kinds = [kind for kind in KINDS if kind in asked]
    return figure([_method(verdict, kinds) for verdict in verdicts], suffix, kinds)


def _method(verdict: Verdict, kinds: Sequence[Kind]) -> Method:
    scheme, graph = verdict.scheme, verdict.graph
    if scheme is None or graph is None:
        raise FigureError(f"{verdict.source.name}: a file with errors is not drawn")
    title = scheme.title or scheme.name
    try:
        with budget(MOST_ARITHMETIC):
            return _drawn(title, verdict.order, graph, kinds)
    except UndefinedError as problem:
        raise FigureError(f"{title}: {problem}") from None
    except (TooLargeError, BudgetExceededError, ExpressionTooLargeError):
        raise FigureError(f"{title}: it would take too long to compute") from None


def _drawn(title: str, order: int | None, graph: Graph, kinds: Sequence[Kind]) -> Method:
    characteristic = None
    if not kinds or set(kinds) - {"convergence"}:
        characteristic = characteristic_polynomial(graph)
    if "convergence" not in kinds:
        return Method(title, order, characteristic)
    seen = convergence(graph).advanced
    return Method(title, order, characteristic, seen.steps, seen.errors)
