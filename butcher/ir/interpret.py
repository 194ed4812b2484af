"""The meaning of a graph: what its rows, evaluations and outputs are, computed exactly.

Every pass and every emitter is tested against this. Values may be anything that can be added and
multiplied by an exact number: numbers, vectors of them, polynomials.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, Self, TypeVar

from butcher.coefficient import ZERO, Number
from butcher.ir.graph import STEP, Evaluation, Graph, Row
from butcher.ir.parts import Part, argument_rows, parts


class Value(Protocol):
    """What states are made of."""

    def __add__(self, other: Self, /) -> Self: ...

    def __mul__(self, other: Number, /) -> Self: ...


V = TypeVar("V", bound=Value)

Slots = Callable[[Evaluation, Number, V], V]
"""F(evaluation, time, argument), what the slot returns; without time it is given the block's."""


@dataclass(frozen=True)
class Result(Generic[V]):
    """What one block computes.

    outputs     the new states, parallel to `graph.states`.
    rows        every row by key; one that a circle computes has the evaluations of the last sweep.
    evaluations every evaluation by key, in a circle that of the last sweep.
    estimates   parallel to `graph.estimates`.
    """

    outputs: tuple[V, ...]
    rows: Mapping[str, V]
    evaluations: Mapping[str, V]
    estimates: tuple[V, ...]


def interpret(
    graph: Graph,
    states: Mapping[str, V],
    slots: Slots[V],
    *,
    symbols: Mapping[str, Number] | None = None,
    t: Number = ZERO,
    sweeps: int | None = None,
) -> Result[V]:
    """y'_i = sum_j B_ij k_j + sum_j V_ij y_j, with k_i = F_i(Y_i), Y_i likewise.

    states   a value for the key of each state.
    slots    F(evaluation, t + c h, Y), as `lambda e, t, y: functions[e.group](y)`.
    symbols  values by name; what is not given has its start value, what is drawn its mean.
    sweeps   how often circles are swept, if not as often as the graph says. A sweep computes all
             Y of a circle from the last k, then all k; before the first all k are zero.
    """
    values = _symbol_values(graph, symbols or {})
    block = _Block(graph, dict(states), slots, values, t)
    count = graph.sweeps if sweeps is None else sweeps
    for part in parts(graph):
        if not part.is_circle:
            block.sweep(part)
        elif count is None:
            raise ValueError(f"{graph.name} is implicit: say how many sweeps")
        else:
            block.known |= dict.fromkeys((e.key for e in part.evaluations), block.zero)
            for _ in range(count):
                block.sweep(part)
    rows = {row.key: block.row(row) for row in graph.rows}
    everything = block.known | rows
    return Result(
        outputs=tuple(everything[key] for key in graph.outputs),
        rows=rows,
        evaluations={e.key: block.known[e.key] for e in graph.evaluations},
        estimates=tuple(rows[estimate.row] for estimate in graph.estimates),
    )


def _symbol_values(graph: Graph, given: Mapping[str, Number]) -> dict[str, Number]:
    """The value of each symbol: as given, else its start value, else its mean."""
    values = {s.name: s.start for s in graph.symbols} | dict(given)
    for symbol in graph.symbols:
        if symbol.kind == "random" and symbol.distribution and symbol.name not in given:
            values[symbol.name] = symbol.distribution.mean.evaluate(values)
    return values


@dataclass
class _Block(Generic[V]):
    """One run; `known` holds the states and the evaluations so far."""

    graph: Graph
    known: dict[str, V]
    slots: Slots[V]
    symbols: Mapping[str, Number]
    t: Number
    zero: V = field(init=False)

    def __post_init__(self) -> None:
        self.zero = self.known[self.graph.states[0].key] * ZERO

    def row(self, row: Row) -> V:
        """The sum of its terms."""
        total = self.zero
        for term in row.terms:
            total = total + self.known[term.source] * term.coefficient.evaluate(self.symbols)
        return total

    def sweep(self, part: Part) -> None:
        """All arguments from what is known, then all evaluations."""
        arguments = {r.key: self.row(r) for r in argument_rows(self.graph, part.evaluations)}
        for e in part.evaluations:
            self.known[e.key] = self.evaluate(e, arguments[e.argument])

    def evaluate(self, evaluation: Evaluation, argument: V) -> V:
        time = self.t
        if evaluation.c is not None:
            time = time + (evaluation.c * STEP).evaluate(self.symbols)
        return self.slots(evaluation, time, argument)
