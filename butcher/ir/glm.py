"""A graph as one general linear method [A U; B V].

Y_i = sum_j A_ij k_j + sum_j U_ij y_j      y'_i = sum_j B_ij k_j + sum_j V_ij y_j
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from butcher.coefficient import Coefficient
from butcher.ir.graph import Graph, State

Matrix = tuple[tuple[Coefficient, ...], ...]


@dataclass(frozen=True)
class GeneralLinearMethod:
    """The matrices with exact entries, h inside.

    stages   the keys of the evaluations k_j: rows of A and U, columns of A and B.
    states   the states y_j: rows of B and V (their new values), columns of U and V.
    """

    stages: tuple[str, ...]
    states: tuple[State, ...]
    A: Matrix
    U: Matrix
    B: Matrix
    V: Matrix

    @property
    def U_sums(self) -> tuple[Coefficient, ...]:
        """U 1 over the states that are values: all 1 if each stage keeps constants."""
        return tuple(self._sum(row) for row in self.U)

    @property
    def V_sums(self) -> tuple[Coefficient, ...]:
        """V 1 over the states that are values, a row each new state: 1 where constants are kept,
        0 for a kept evaluation.
        """
        return tuple(self._sum(row) for row in self.V)

    @property
    def is_preconsistent(self) -> bool:
        """Whether constants are kept: U 1 = 1, and V 1 = 1 for the new values."""
        values = [
            total
            for state, total in zip(self.states, self.V_sums, strict=True)
            if state.kind == "value"
        ]
        return all(total == 1 for total in (*self.U_sums, *values))

    def _sum(self, row: Sequence[Coefficient]) -> Coefficient:
        total = Coefficient.of(0)
        for state, entry in zip(self.states, row, strict=True):
            if state.kind == "value":
                total = total + entry
        return total

    def __str__(self) -> str:
        """A table for a terminal; a dot is a zero, a prime marks a new state."""
        states = [state.key for state in self.states]
        head = ["", *self.stages, *states]
        above = [
            [f"Y({key})", *map(_cell, (*a, *u))]
            for key, a, u in zip(self.stages, self.A, self.U, strict=True)
        ]
        below = [
            [f"{key}'", *map(_cell, (*b, *v))]
            for key, b, v in zip(states, self.B, self.V, strict=True)
        ]
        lines = [head, *above, *below]
        width = [max(map(len, column)) for column in zip(*lines, strict=True)]
        cut = 1 + len(self.stages)
        text = [_line(line, width, cut) for line in lines]
        rule = "-" * max(map(len, text))
        return "\n".join([text[0], rule, *text[1 : 1 + len(above)], rule, *text[1 + len(above) :]])


def _cell(entry: Coefficient) -> str:
    return str(entry) if entry else "."


def _line(cells: Sequence[str], width: Sequence[int], cut: int) -> str:
    padded = [cell.rjust(w) for cell, w in zip(cells, width, strict=True)]
    return "  ".join([padded[0], "|", *padded[1:cut], "|", *padded[cut:]]).rstrip()


def general_linear_method(graph: Graph) -> GeneralLinearMethod:
    """The matrix view of a graph; estimates and rows that nothing reads are not in it."""
    evaluations, states = list(graph.evaluation), list(graph.state)
    arguments = [graph.row[e.argument].coefficients for e in graph.evaluations]
    outputs = [
        graph.row[key].coefficients if key in graph.row else {key: Coefficient.of(1)}
        for key in graph.outputs
    ]

    def matrix(rows: Iterable[Mapping[str, Coefficient]], columns: Iterable[str]) -> Matrix:
        return tuple(tuple(row.get(key, zero) for key in columns) for row in rows)

    zero = Coefficient.of(0)
    return GeneralLinearMethod(
        stages=tuple(evaluations),
        states=graph.states,
        A=matrix(arguments, evaluations),
        U=matrix(arguments, states),
        B=matrix(outputs, evaluations),
        V=matrix(outputs, states),
    )
