"""By how much the rows of a method multiply rounding errors, and which dtypes stand that.

    Y_i = sum_j a_ij k_j + sum_j u_ij y_j

The model, with unit roundoff eps (Higham, Accuracy and Stability of Numerical Algorithms, 2.2 and
4.2): h is 1; states and evaluations have size one; a row is rounded by eps times the sum of the
sizes of its terms; an evaluation by eps; F has Lipschitz constant 1. To first order

    e(Y_i) = sum_j |a_ij| (1 + e(k_j)) + sum_j |u_ij| (1 + e(y_j))      e(k_i) = 1 + e(Y_i)

in units of eps, and a row that is exactly one source is not rounded. It is a bound: measured
errors (root mean square) lie 2 to 200 times below it. Normalised sub-nets, whose values do not
grow with their argument, are what "size one" says; where the k_j differ much, the row is as large
as its factors, and its relative error is smaller.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from butcher.analysis.network.sizes import at_unit_step, bounded
from butcher.ir.graph import Graph, Row

UNIT_ROUNDOFF = {"bfloat16": 2.0**-8, "float16": 2.0**-11, "float32": 2.0**-24, "float64": 2.0**-53}

LARGEST_ERROR = 1.0
"""Of a row, relative to the states: the bound of an error that is mostly far below it."""

LARGEST_CONDITION = 1e12
"""Past it the sum of the factors is zero to the digits that doubles leave of it."""


@dataclass(frozen=True)
class RowAmplification:
    """One row, all at h = 1 and the start values of the other symbols, to 15 digits.

    key            of the row.
    kind           stage: the argument of evaluations; output: a new value that no evaluation
                   reads; estimate: a bhat or err row.
    evaluations    those that read it.
    amplification  sum_j |a_ij| over evaluations, kept ones of earlier blocks included.
    largest        max_j |a_ij|.
    states         sum_j |u_ij| over the states that are values.
    condition      sum_j |a_ij| / |sum_j a_ij|, the condition number of the sum where all k_j are
                   equal (Higham, 4.1): 1 without cancellation, None where the sum is zero.
    error          the bound of its rounding error in units of roundoff, relative to the states;
                   None where an implicit stage is not written out as sweeps.
    """

    key: str
    kind: Literal["stage", "output", "estimate"]
    evaluations: tuple[str, ...]
    amplification: float
    largest: float
    states: float
    condition: float | None
    error: float | None


@dataclass(frozen=True)
class Precision:
    """A dtype.

    unit_roundoff    the largest relative error of rounding to it.
    predicted_error  the bound for the worst row, relative to the states.
    safe             whether it is at most 1: no row can be noise alone. A
                     measured error may be far smaller, so False is a risk and no certainty.
    """

    dtype: str
    unit_roundoff: float
    predicted_error: float | None
    safe: bool | None


@dataclass(frozen=True)
class Amplification:
    """rows         every row, stages first, in the order of evaluation.
    largest_row  the key of the row whose amplification is largest; None if there are no rows.
    worst_row    the key of the stage or output whose error is largest; None where none is known.
    worst_error  its error, in units of roundoff.
    precisions   coarse dtypes first.
    """

    rows: tuple[RowAmplification, ...]
    largest_row: str | None
    worst_row: str | None
    worst_error: float | None
    precisions: tuple[Precision, ...]


def amplification(graph: Graph) -> Amplification:
    """How rows multiply roundings. Raises UndefinedError where a coefficient has a pole at h = 1.

    The graph may be as a file has it or as a block evaluates it; errors are known of an explicit
    one. Linear in the number of coefficients.
    """
    errors = _errors(graph)
    rows = tuple(_row(graph, key, errors.get(key)) for key in _keys(graph))
    known = {r.key: r.error for r in rows if r.kind != "estimate" and r.error is not None}
    sums = {row.key: row.amplification for row in rows}
    worst = max(known, key=lambda key: known[key], default=None)
    error = None if worst is None else known[worst]
    return Amplification(
        rows=rows,
        largest_row=max(sums, key=lambda key: sums[key], default=None),
        worst_row=worst,
        worst_error=error,
        precisions=tuple(_precision(*dtype, error) for dtype in UNIT_ROUNDOFF.items()),
    )


def _precision(dtype: str, roundoff: float, error: float | None) -> Precision:
    if error is None:
        return Precision(dtype, roundoff, None, None)
    predicted = error * roundoff
    return Precision(dtype, roundoff, predicted, predicted <= LARGEST_ERROR)


def _keys(graph: Graph) -> Iterable[str]:
    """Arguments, then outputs that are rows, then estimates; each once."""
    keys = [e.argument for e in graph.evaluations]
    keys += [key for key in graph.outputs if key in graph.row]
    return dict.fromkeys([*keys, *(estimate.row for estimate in graph.estimates)])


def _row(graph: Graph, key: str, error: float | None) -> RowAmplification:
    readers = tuple(e.key for e in graph.evaluations if e.argument == key)
    values = {t.source: at_unit_step(t.coefficient) for t in graph.row[key].terms}
    states = [value for source, value in values.items() if graph.is_value(source)]
    factors = [value for source, value in values.items() if not graph.is_value(source)]
    total, left = _size(factors), bounded(abs(sum(factors)))
    return RowAmplification(
        key=key,
        kind="stage" if readers else "output" if key in graph.outputs else "estimate",
        evaluations=readers,
        amplification=total,
        largest=max(map(abs, factors), default=0.0),
        states=_size(states),
        condition=total / left if factors and left * LARGEST_CONDITION > total else None,
        error=error,
    )


def _size(values: Iterable[float]) -> float:
    return bounded(sum(map(abs, values), 0.0))


def _errors(graph: Graph) -> dict[str, float]:
    """e of every row, in units of roundoff; nothing for an implicit graph."""
    if not graph.in_computable_order:
        return {}
    known = dict.fromkeys(graph.state, 0.0)
    found: dict[str, float] = {}
    for e in graph.evaluations:
        found[e.argument] = _error(graph.row[e.argument], known)
        known[e.key] = 1 + found[e.argument]
    return found | {row.key: _error(row, known) for row in graph.rows if row.key not in found}


def _error(row: Row, known: Mapping[str, float]) -> float:
    if row.only_source is not None:
        return known[row.only_source]
    terms = ((abs(at_unit_step(t.coefficient)), known[t.source]) for t in row.terms)
    return bounded(sum(size * (1 + error) for size, error in terms))
