"""What half precision makes of a method's rows."""

from __future__ import annotations

from collections.abc import Iterator

from butcher.coefficient import ONE, Coefficient
from butcher.errors import Diagnostic, warning
from butcher.ir.graph import Graph

HALF = 2**11
"""float16 has 11 significant bits: a value is rounded by up to one part in as many."""


def precision_findings(graph: Graph) -> Iterator[Diagnostic]:
    """sum_j |a_ij|, by which the roundings of the stages are multiplied, against half precision."""
    for evaluation in graph.evaluations:
        total = sum(
            _size(term.coefficient)
            for term in graph.row[evaluation.argument].terms
            if term.source in graph.evaluation
        )
        if total > HALF and evaluation.span is not None:
            message = f"the factors of stage {evaluation.key} add up to {total:,.0f}"
            yield warning(
                "B411",
                evaluation.span,
                f"{message}: in half precision its argument may be noise",
                "Half precision rounds a value by up to one part in 2,048. Keep such a block in "
                "single precision.",
            )


def _size(coefficient: Coefficient) -> float:
    """Its absolute value at h = 1; none at a pole, where nothing can be said."""
    try:
        return abs(float(coefficient.evaluate({"h": ONE})))
    except ZeroDivisionError:
        return 0.0
