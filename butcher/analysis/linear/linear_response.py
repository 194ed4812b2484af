"""A graph with k = lambda Y for every evaluation, solved exactly: y' = M(z) y.

M(z) = V + z B (I - z A)^-1 U
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import factorial

from butcher.analysis.entry import NOTHING, Entry, NotHomogeneousError, entry
from butcher.analysis.limits import UndefinedError
from butcher.analysis.polynomials.matrix import PolynomialMatrix, characteristic, product
from butcher.analysis.polynomials.univariate import UNIT, Polynomial, minus, plus, scaled, times
from butcher.coefficient import ONE, Coefficient, Number
from butcher.ir.glm import Matrix, general_linear_method
from butcher.ir.graph import Graph
from butcher.ir.steps import is_step

Entries = Sequence[Sequence[Entry]]


@dataclass(frozen=True)
class LinearBlocks:
    """[A U; B V], h taken out; only stages that a new state depends on."""

    A: Entries
    U: Entries
    B: Entries
    V: Entries

    @property
    def is_exact(self) -> bool:
        return not any(one.radius for part in self.parts for row in part for one in row)

    @property
    def parts(self) -> tuple[Entries, ...]:
        return self.A, self.U, self.B, self.V

    @property
    def is_explicit(self) -> bool:
        return not any(one != NOTHING for i, row in enumerate(self.A) for one in row[i:])


def transfer(
    blocks: LinearBlocks, z: Polynomial, of: Callable[[Entry], Number]
) -> tuple[list[list[Polynomial]], Polynomial]:
    """(W, d), polynomials in z, with M(z) = W / d."""

    def matrix(entries: Entries, factor: Polynomial) -> list[list[Polynomial]]:
        return [[scaled(factor, of(one)) for one in row] for row in entries]

    A, U = matrix(blocks.A, z), matrix(blocks.U, UNIT)
    B, V = matrix(blocks.B, z), matrix(blocks.V, UNIT)
    if blocks.is_explicit:
        below, stages = UNIT, _substituted(A, U)
    else:
        factors, adjugate = characteristic(A)
        below, stages = reduce(plus, factors), product(adjugate, U)
    if not stages:
        return V, UNIT
    return [
        [plus(times(below, v), b) for v, b in zip(kept, new, strict=True)]
        for kept, new in zip(V, product(B, stages), strict=True)
    ], below


def _substituted(A: PolynomialMatrix, U: PolynomialMatrix) -> list[list[Polynomial]]:
    """(I - A)^-1 U for A strictly below its diagonal."""
    stages: list[list[Polynomial]] = []
    for line, start in zip(A, U, strict=True):
        for factor, stage in zip(line, stages, strict=False):
            if factor:
                start = [plus(a, times(factor, b)) for a, b in zip(start, stage, strict=True)]
        stages.append(list(start))
    return stages


def response_radii(blocks: LinearBlocks, z: Polynomial, size: int) -> tuple[Fraction, ...] | None:
    """Of R, a sum of products without division: what |a| + radius makes of it, less |a|."""
    ((most,),), _ = transfer(blocks, z, lambda one: Number.of(one.value.magnitude() + one.radius))
    ((least,),), _ = transfer(blocks, z, lambda one: Number.of(one.value.magnitude()))
    found = [one.fraction for one in minus(most, least)]
    return (*found, *[Fraction(0)] * (size - len(found))) if len(found) <= size else None


def meant(R: Sequence[Entry]) -> list[Entry]:
    """The coefficients of a polynomial R, exact where they look like 1/k! or a short fraction."""
    size = meant_order(R) + 1
    series = [Entry(Number.of(Fraction(1, factorial(k)))) for k in range(size)]
    return [*series, *(one.meant for one in R[size:])]


def meant_order(R: Sequence[Entry]) -> int:
    """The last k up to which the coefficients may be 1/k!; -1 if not even the first may."""
    for k, one in enumerate(R):
        if not one.may_be(Number.of(Fraction(1, factorial(k)))):
            return k - 1
    return len(R) - 1


def determinant_radii(blocks: LinearBlocks, z: Polynomial) -> tuple[Fraction, ...]:
    """Of det(I - zA) and of det [[I - zA, U], [-zB, V]], which are Q and P of one step.

    Both are sums of products of one entry of each row, so that the product of what the rows add
    up to, in absolute values, bounds what rounding makes of them.
    """

    def bound(size: Callable[[Entry], Fraction]) -> Polynomial:
        def added(row: Sequence[Entry]) -> Number:
            return Number.of(sum(map(size, row), Fraction(0)))

        inner = [
            plus(UNIT, plus(scaled(z, added(a)), (added(u),)))
            for a, u in zip(blocks.A, blocks.U, strict=True)
        ]
        last = [
            plus(scaled(z, added(b)), (added(v),)) for b, v in zip(blocks.B, blocks.V, strict=True)
        ]
        return reduce(times, [*inner, *last], UNIT)

    most = bound(lambda one: one.value.magnitude() + one.radius)
    return tuple(one.fraction for one in minus(most, bound(lambda one: one.value.magnitude())))


def linear_blocks(graph: Graph, unit: int) -> tuple[LinearBlocks, bool]:
    """What a graph is for slots that multiply with lambda, in z = h^unit lambda.

    The second is whether every coefficient is a multiple of the power of h that makes that
    possible. Where one is not, all are taken at h = 1. Raises UndefinedError.
    """
    method = general_linear_method(graph)
    kept = [unit if state.kind == "evaluation" else 0 for state in method.states]
    columns = [unit] * len(method.stages)
    matrices = (
        (method.A, [0] * len(columns), columns),
        (method.U, [0] * len(columns), kept),
        (method.B, kept, columns),
        (method.V, kept, kept),
    )
    try:
        return _alive(LinearBlocks(*(_homogeneous(*one) for one in matrices))), True
    except NotHomogeneousError:
        return _alive(LinearBlocks(*(_at_one(matrix) for matrix, *_ in matrices))), False
    except ZeroDivisionError as error:
        raise UndefinedError(str(error)) from error


def _homogeneous(matrix: Matrix, rows: Sequence[int], columns: Sequence[int]) -> Entries:
    """r in r h^(column - row): a kept evaluation is held as h times it."""
    return [
        [
            entry(one, column - row) if one else NOTHING
            for column, one in zip(columns, line, strict=True)
        ]
        for row, line in zip(rows, matrix, strict=True)
    ]


def _at_one(matrix: Matrix) -> Entries:
    """The values where every step is 1."""

    def value(one: Coefficient) -> Entry:
        steps = [v for v in one.variables if is_step(v.name)]
        if one.radius and any(v.start != ONE for v in steps):
            raise UndefinedError(f"{one} is rounded, and no multiple of h")
        return Entry(one.evaluate({v.name: ONE for v in steps}), one.radius)

    return [[value(one) for one in line] for line in matrix]


def _alive(blocks: LinearBlocks) -> LinearBlocks:
    """Without the stages that no new state depends on."""
    waiting = [j for row in blocks.B for j, one in enumerate(row) if one != NOTHING]
    found = set(waiting)
    while waiting:
        new = {j for j, one in enumerate(blocks.A[waiting.pop()]) if one != NOTHING} - found
        found |= new
        waiting += new
    keep = sorted(found)
    return LinearBlocks(
        [[blocks.A[i][j] for j in keep] for i in keep],
        [blocks.U[i] for i in keep],
        [[row[j] for j in keep] for row in blocks.B],
        blocks.V,
    )
