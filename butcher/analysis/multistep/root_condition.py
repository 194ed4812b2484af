"""Zero-stability: whether perturbations stay bounded as h goes to 0, for any block.

The roots of rho lie in the closed unit disc, and those on the circle are simple; for u'' = f(u)
they may be double, as the root 1 always is (Hairer, Norsett, Wanner, Solving ODEs I, III.3 and
III.10; Henrici, Discrete Variable Methods in ODEs, 6.2). With several states, the same of the
minimal polynomial of V: its powers are bounded, or grow like n for u''.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from butcher.analysis.entry import NOTHING, Entry, NotHomogeneousError, entry, total
from butcher.analysis.limits import TooLargeError, bounded
from butcher.analysis.polynomials.roots import is_schur, is_von_neumann
from butcher.analysis.polynomials.trigonometric import smaller_than_on_circle
from butcher.analysis.polynomials.univariate import UNIT, Polynomial, polynomial, times
from butcher.coefficient import ONE, ZERO, Number
from butcher.ir.graph import Graph

LARGEST_MATRIX = 24


@dataclass(frozen=True)
class ZeroStability:
    """stable   whether perturbations stay bounded as h goes to 0.
    weak     whether, though stable, a root other than the principal one lies on the circle.
    """

    stable: bool
    weak: bool


def zero_stability(graph: Graph) -> ZeroStability | None:
    """Of the new values as functions of the old; None where that has no meaning or is unknown.

    It has none where a slot is linear, or an evaluation's argument does not keep constants.
    Symbols are at their start values. It is not known where rounded decimals would decide it,
    nor where several states have rounded coefficients, nor where it would take too long.
    """
    if graph.linear:
        return None
    try:
        with bounded("the roots of the recurrence"):
            if not all(_keeps_constants(graph, e.argument) for e in graph.evaluations):
                return None
            recurrence = _recurrence(graph)
            if recurrence is None:
                return None
            derivative = max((equation.derivative for equation in graph.ode), default=1)
            return judged(recurrence, derivative)
    except (NotHomogeneousError, ZeroDivisionError, TooLargeError):
        return None


def judged(recurrence: Sequence[Entry], derivative: int) -> ZeroStability | None:
    """Of the roots of rho; None where the rounding of its coefficients decides.

    With rounding, the root 1 is taken as meant where the digits allow it; the others are to keep
    away from the circle by more than the rounding can move them (Rouche).
    """
    rest = _without_principal(recurrence, derivative)
    others = polynomial(one.value for one in rest)
    if not any(one.radius for one in recurrence):
        stable = is_von_neumann([one.value for one in recurrence], derivative)
        return ZeroStability(stable, stable and not is_schur(others))
    if not smaller_than_on_circle(total(rest).radius, others):
        return None
    return ZeroStability(is_schur(others), False)


def _without_principal(rest: Sequence[Entry], derivative: int) -> Sequence[Entry]:
    """rho / (z - 1)^q, q <= m, where rho(1) is within the rounding of zero; what is left over is
    dropped."""
    for _ in range(derivative):
        if len(rest) > 1 and total(rest).may_be(0):
            rest = list(accumulate(reversed(rest[1:])))[::-1]
    return rest


def _keeps_constants(graph: Graph, key: str) -> bool:
    terms = graph.row[key].coefficients.items()
    values = (c for source, c in terms if graph.is_value(source))
    return total(entry(c, 0) for c in values).may_be(1)


def _recurrence(graph: Graph) -> tuple[Entry, ...] | None:
    """A polynomial whose roots are those that decide: rho, or the minimal polynomial of V."""
    states = [s for s in graph.states if s.kind == "value"]
    output = dict(zip((s.key for s in graph.states), graph.outputs, strict=True))
    rows = [_values(graph, output[s.key]) for s in states]
    if len({s.name for s in states}) == 1:
        oldest = max(s.lag for s in states)
        newest = next(row for s, row in zip(states, rows, strict=True) if s.lag == 0)
        lags = {s.key: s.lag for s in states}
        found = {lags[key]: NOTHING - one for key, one in newest.items()}
        return (*(found.get(lag, NOTHING) for lag in range(oldest, -1, -1)), Entry(ONE))
    if (
        not states
        or len(states) > LARGEST_MATRIX
        or any(e.radius for r in rows for e in r.values())
    ):
        return None
    matrix = [[row.get(s.key, NOTHING).value for s in states] for row in rows]
    return tuple(Entry(factor) for factor in minimal_polynomial(matrix))


def _values(graph: Graph, key: str) -> dict[str, Entry]:
    """The values a new value is made of, at h = 0."""
    if key in graph.state:
        return {key: Entry(ONE)}
    row = graph.row.get(key)
    terms = row.coefficients.items() if row else ()
    return {source: entry(c, 0) for source, c in terms if graph.is_value(source)}


# ---------------------------------------------------------------------- several states

Vector = list[Number]


def minimal_polynomial(matrix: Sequence[Sequence[Number]]) -> Polynomial:
    """The monic polynomial of lowest degree with p(V) = 0.

    It is the least common multiple of the annihilators of the unit vectors.
    """
    size = range(len(matrix))
    found = UNIT
    for i in size:
        if len(found) > len(matrix):
            break
        unit = [ONE if i == j else ZERO for j in size]
        rest = [ZERO for _ in size]
        for factor in reversed(found):
            product = _times(matrix, rest)
            rest = [a + factor * b for a, b in zip(product, unit, strict=True)]
        found = times(found, _annihilator(matrix, rest))
    return found


def _annihilator(matrix: Sequence[Sequence[Number]], vector: Vector) -> Polynomial:
    """The monic polynomial of lowest degree with p(V) v = 0.

    v, V v, V^2 v, ... are reduced against each other until one is a combination of those before.
    """
    basis: list[tuple[int, Vector, Vector]] = []
    while True:
        entries, factors = vector, [ZERO] * len(basis) + [ONE]
        for pivot, reduced, made_of in basis:
            if ratio := entries[pivot]:
                entries = [x - ratio * y for x, y in zip(entries, reduced, strict=True)]
                for i, factor in enumerate(made_of):
                    factors[i] = factors[i] - ratio * factor
        pivot = next((i for i, x in enumerate(entries) if x), -1)
        if pivot < 0:
            return polynomial(factors)
        scale = entries[pivot].inverse()
        basis.append((pivot, [x * scale for x in entries], [x * scale for x in factors]))
        vector = _times(matrix, vector)


def _times(matrix: Sequence[Sequence[Number]], vector: Vector) -> Vector:
    return [
        sum((a * x for a, x in zip(row, vector, strict=True) if a and x), ZERO) for row in matrix
    ]
