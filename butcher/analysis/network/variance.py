"""How the variance of a state grows through a block at initialisation: a heuristic.

Sub-nets with random weights are taken for independent noise: every evaluation has mean zero and
is uncorrelated with the states and with all other evaluations. Then

    Var(Y_i) = u_i S u_i' + sum_j a_ij^2 Var(k_j)          S the covariances of the states

for every row, where Var(k_j) is

    Var(Y_j)    for sub-nets that keep the size of their argument (He et al. 2015, eq. 10, without
                normalisation), or
    1           for sub-nets that end with a normalisation (De and Smith 2020, section 3).

An Euler block then doubles the variance (Hanin and Rolnick 2018; Zhang, Dauphin and Ma 2019).
Real sub-nets share inputs and, in sweeps, weights: where these correlate, the growth is another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, isfinite, log

from butcher.analysis.limits import UndefinedError
from butcher.analysis.network.sizes import LARGEST, at_start
from butcher.ir.graph import Graph

LARGEST_STATES = 8
"""Of whose covariances the spectral radius is computed: 36 of them."""

SQUARINGS = 40

Matrix = list[list[float]]


@dataclass(frozen=True)
class RowVariance:
    """Var(row) / Var(u) of an argument, a new value or an estimate; None past doubles.

    heuristic_he          Var(k_j) = Var(Y_j).
    heuristic_normalised  Var(k_j) = 1, Var(u) = 1.
    """

    key: str
    heuristic_he: float | None
    heuristic_normalised: float | None


@dataclass(frozen=True)
class VarianceHeuristic:
    """Expected growth of the forward variance, by a heuristic; h and trained symbols have their
    start values, drawn ones their means. Doubles: 13 digits of what the coefficients give.

    The states that are values are one tensor u of variance one, as `start` makes them; evaluations
    of earlier blocks have variance one and are independent.

    heuristic_growth_he          Var(new) / Var(u), the mean over the newest values, with
                                 Var(k_j) = Var(Y_j): Euler 2.
    heuristic_growth_normalised  likewise with Var(k_j) = 1.
    heuristic_growth_per_block   with Var(k_j) = Var(Y_j), the factor a block that many others went
                                 before: of one state the same, else the spectral radius of the
                                 recursion of the covariances, to 8 digits; None for more than 8
                                 states.
    rows                         every row, arguments first.
    """

    heuristic_growth_he: float | None
    heuristic_growth_normalised: float | None
    heuristic_growth_per_block: float | None
    rows: tuple[RowVariance, ...]


def variance(graph: Graph) -> VarianceHeuristic:
    """The growth of variance through a block of an explicit graph.

    Raises UndefinedError for an implicit graph, and for a pole at the start values.
    """
    if not graph.in_computable_order:
        raise UndefinedError("implicit stages have no variance until their sweeps are written out")
    recursion = _Recursion(graph)
    start = [
        [float(i == j or (a.kind == b.kind == "value")) for j, b in enumerate(graph.states)]
        for i, a in enumerate(graph.states)
    ]
    he = recursion.variances(start, lambda argument: argument)
    normalised = recursion.variances(start, lambda _: 1.0)
    newest = [
        key for state, key in zip(graph.states, graph.outputs, strict=True) if state.is_newest
    ]
    return VarianceHeuristic(
        heuristic_growth_he=_finite(sum(he[key] for key in newest) / len(newest)),
        heuristic_growth_normalised=_finite(sum(normalised[key] for key in newest) / len(newest)),
        heuristic_growth_per_block=recursion.radius(),
        rows=tuple(
            RowVariance(key, _finite(he[key]), _finite(normalised[key])) for key in recursion.rows
        ),
    )


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


class _Recursion:
    """Rows as vectors over the states and over the evaluations."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.rows = self._keys()
        keys = dict.fromkeys([*self.rows, *graph.outputs])
        terms = {key: self._terms(key) for key in keys}
        place = {key: i for i, key in enumerate(graph.state)}
        self.states = {
            key: {place[s]: value for s, value in found.items() if s in place}
            for key, found in terms.items()
        }
        self.evaluations = {
            key: {s: value for s, value in found.items() if s not in place}
            for key, found in terms.items()
        }

    def _keys(self) -> tuple[str, ...]:
        graph = self.graph
        keys = [e.argument for e in graph.evaluations]
        keys += [key for key in graph.outputs if key in graph.row]
        return tuple(dict.fromkeys([*keys, *(estimate.row for estimate in graph.estimates)]))

    def _terms(self, key: str) -> dict[str, float]:
        row = self.graph.row.get(key)
        if row is None:
            return {key: 1.0}
        return {term.source: at_start(term.coefficient) for term in row.terms}

    def variances(
        self, covariance: Matrix, of_evaluation: Callable[[float], float]
    ) -> dict[str, float]:
        """Of every row and output, the states having these covariances."""
        known: dict[str, float] = {}
        found: dict[str, float] = {}
        for e in self.graph.evaluations:
            if e.argument not in found:
                found[e.argument] = self.product(e.argument, e.argument, covariance, known)
            known[e.key] = of_evaluation(found[e.argument])
        for key in self.states:
            if key not in found:
                found[key] = self.product(key, key, covariance, known)
        return found | known

    def product(
        self, left: str, right: str, covariance: Matrix, evaluations: Mapping[str, float]
    ) -> float:
        """The covariance of two rows."""
        through_states = (
            x * covariance[i][j] * y
            for i, x in self.states[left].items()
            for j, y in self.states[right].items()
        )
        other = self.evaluations[right]
        through_noise = (
            (x * other[key]) * evaluations[key]
            for key, x in self.evaluations[left].items()
            if key in other
        )
        return sum(through_states, 0.0) + sum(through_noise, 0.0)

    def radius(self) -> float | None:
        """The spectral radius of the linear map of covariances that one block is."""
        size = len(self.graph.states)
        if size > LARGEST_STATES:
            return None
        pairs = [(i, j) for i in range(size) for j in range(i + 1)]
        columns = [self._image(_unit(size, *pair), pairs) for pair in pairs]
        matrix = [list(row) for row in zip(*columns, strict=True)]
        return spectral_radius(matrix)

    def _image(self, covariance: Matrix, pairs: Iterable[tuple[int, int]]) -> list[float]:
        variances = self.variances(covariance, lambda argument: argument)
        outputs = self.graph.outputs
        return [self.product(outputs[i], outputs[j], covariance, variances) for i, j in pairs]


def _unit(size: int, row: int, column: int) -> Matrix:
    """The symmetric matrix with ones in two places."""
    return [
        [float((i, j) in ((row, column), (column, row))) for j in range(size)] for i in range(size)
    ]


def spectral_radius(matrix: Sequence[Sequence[float]]) -> float | None:
    """lim |M^n|^(1/n), by squaring M 40 times; None past the range of doubles.

    Multiple eigenvalues, also defective ones, take no longer; of those half the digits are right.
    """
    if len(matrix) == 1:
        return _finite(abs(matrix[0][0]))
    power = [list(row) for row in matrix]
    logarithm = 0.0
    for k in range(SQUARINGS):
        size = max(sum(map(abs, row)) for row in power)
        if not isfinite(size):
            return None
        if not size:
            return 0.0
        logarithm += log(size) / 2**k
        power = [[x / size for x in row] for row in power]
        columns = list(zip(*power, strict=True))
        power = [
            [sum(x * y for x, y in zip(row, column, strict=True)) for column in columns]
            for row in power
        ]
    return exp(logarithm) if logarithm < log(LARGEST) else None
