"""Linear multistep methods and zero-stability: what a method does as h goes to 0.

    sum_j alpha_j u[n+j] = h^m sum_j beta_j f[n+j]      rho(z) = sum_j alpha_j z^j
                                                       sigma(z) = sum_j beta_j z^j

(m is 1 for u' = f(u), 2 for u'' = f(u).) Zero-stable: the roots of rho lie in the closed unit
disc, those on the circle are simple; for u'' the root 1 may be double (Hairer, Norsett, Wanner,
Solving ODEs I, III.3 and III.10). With several states, the same of the minimal polynomial of V.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import perm

from butcher.analysis.entry import NOTHING, Entry, NotHomogeneousError, entry, total
from butcher.analysis.limits import TooLargeError, UndefinedError
from butcher.analysis.roots import divided_by_root_one, is_schur, is_simple_von_neumann
from butcher.analysis.system import new_value, origin
from butcher.analysis.univariate import Polynomial
from butcher.coefficient import ONE, ZERO, Coefficient, Number
from butcher.ir.graph import Graph

LARGEST_MATRIX = 24


@dataclass(frozen=True)
class LinearMultistep:
    """alpha and beta, oldest value first, as many of each, the last alpha 1."""

    alpha: tuple[Entry, ...]
    beta: tuple[Entry, ...]
    derivative: int

    def constant(self, q: int) -> Entry:
        """C_q q! = sum_j alpha_j j^q - q!/(q-m)! sum_j beta_j j^(q-m)."""
        m = self.derivative
        left = total(a.times(j**q) for j, a in enumerate(self.alpha))
        if q < m:
            return left
        return left - total(b.times(perm(q, m) * j ** (q - m)) for j, b in enumerate(self.beta))

    def order(self, up_to: int) -> int:
        """The largest p <= up_to with C_q = 0 for q < p + m; less than 1: not consistent."""
        p = 1 - self.derivative
        while p <= up_to and self.constant(p + self.derivative - 1).may_be(0):
            p += 1
        return p - 1

    @property
    def is_exact(self) -> bool:
        return not any(one.radius for one in (*self.alpha, *self.beta))


def linear_multistep(graph: Graph) -> LinearMultistep | None:
    """The method as rho and sigma; None if it is none.

    It is one if there is one state and every evaluation, of one slot, reads one of its values.
    """
    names = {state.name for state in graph.states if state.kind == "value"}
    if len(names) != 1 or len(graph.slots) != 1 or len(graph.ode) != 1:
        return None
    (equation,) = graph.ode
    if graph.slots[0] in graph.linear or equation.slots[0][0] != graph.slots[0]:
        return None
    try:
        return _linear_multistep(graph, equation.derivative)
    except (UndefinedError, NotHomogeneousError, ZeroDivisionError):
        return None


def _linear_multistep(graph: Graph, derivative: int) -> LinearMultistep:
    values: dict[int, Entry] = {1: Entry(ONE)}
    evaluations: dict[int, Entry] = {}
    for source, coefficient in _new_row(graph).items():
        state = graph.state.get(source)
        if state is not None and state.kind == "value":
            found, index, power = values, -state.lag, 0
        else:
            key, ago = origin(graph, state) if state is not None else (source, 0)
            found, index, power = evaluations, _point(graph, key) - ago, derivative
        one = entry(coefficient, power)
        found[index] = found.get(index, NOTHING) + (one if power else NOTHING - one)
    oldest = min((*values, *evaluations))
    places = range(oldest, 2)
    return LinearMultistep(
        tuple(values.get(i, NOTHING) for i in places),
        tuple(evaluations.get(i, NOTHING) for i in places),
        derivative,
    )


def _new_row(graph: Graph) -> Mapping[str, Coefficient]:
    """The new value of the one state."""
    for state, key in zip(graph.states, graph.outputs, strict=True):
        if state.kind == "value" and state.lag == 0:
            row = graph.row.get(key)
            return row.coefficients if row else {key: Coefficient.of(1)}
    raise UndefinedError("there is no value state")


def _point(graph: Graph, evaluation: str) -> int:
    """The index of the value that an evaluation reads: 0 for u[n], 1 for u[n+1]."""
    key = graph.evaluation[evaluation].argument
    if new_value(graph, key):
        return 1
    row = graph.row[key]
    state = graph.state.get(row.only_source or "")
    if state is None or state.kind != "value":
        raise UndefinedError(f"{evaluation} reads more than one value")
    return -state.lag


# ---------------------------------------------------------------------- zero-stability


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
    Symbols are at their start values. It is not known where rounded decimals would decide it.
    """
    if graph.linear:
        return None
    try:
        if not all(_keeps_constants(graph, e.argument) for e in graph.evaluations):
            return None
        recurrence = _recurrence(graph)
        if recurrence is None:
            return None
        derivative = max((equation.derivative for equation in graph.ode), default=1)
        return _judged(recurrence, derivative)
    except (NotHomogeneousError, ZeroDivisionError, TooLargeError):
        return None


def _judged(recurrence: tuple[Entry, ...], derivative: int) -> ZeroStability | None:
    polynomial = tuple(one.value for one in recurrence)
    if any(one.radius for one in recurrence):
        if not total(recurrence).may_be(0):
            return None
        # the root 1 that is meant: what the printed digits leave over at z = 1 is dropped
        rest = divided_by_root_one((polynomial[0] - sum(polynomial, ZERO), *polynomial[1:]))
        return ZeroStability(True, False) if rest is not None and is_schur(rest) else None
    principal = 0
    rest = polynomial
    while principal < derivative and (quotient := divided_by_root_one(rest)) is not None:
        principal, rest = principal + 1, quotient
    # one root 1 of u'' goes beyond the simple ones
    tested = divided_by_root_one(polynomial) if derivative > 1 else polynomial
    stable = is_simple_von_neumann(tested or polynomial)
    return ZeroStability(stable, stable and not is_schur(rest))


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


def minimal_polynomial(matrix: Sequence[Sequence[Number]]) -> Polynomial:
    """The monic polynomial of lowest degree with p(V) = 0, constant term first.

    I, V, V^2, ... are reduced against each other until one is a combination of those before it.
    """
    size = range(len(matrix))
    power = [[ONE if i == j else ZERO for j in size] for i in size]
    basis: list[tuple[int, list[Number], list[Number]]] = []
    for degree in range(len(matrix) + 1):
        entries = [x for row in power for x in row]
        factors = [ZERO] * degree + [ONE]
        for pivot, vector, made_of in basis:
            if ratio := entries[pivot]:
                entries = [x - ratio * y for x, y in zip(entries, vector, strict=True)]
                for i, factor in enumerate(made_of):
                    factors[i] = factors[i] - ratio * factor
        pivot = next((i for i, x in enumerate(entries) if x), -1)
        if pivot < 0:
            break
        scale = entries[pivot].inverse()
        basis.append((pivot, [x * scale for x in entries], [x * scale for x in factors]))
        power = [
            [sum((row[k] * matrix[k][j] for k in size if row[k]), ZERO) for j in size]
            for row in power
        ]
    return tuple(factors)
