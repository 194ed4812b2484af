"""A graph as a wiring diagram: which boxes there are, which wires, and what is written on them.

A row that only feeds evaluations is drawn as part of them: the wires of its terms end in the
stage. Rows that are outputs, estimates or read by several stages have boxes of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from butcher.coefficient import Coefficient
from butcher.emit.label import exact, short
from butcher.ir.graph import STEP, Evaluation, Graph, Row, State

BoxKind = Literal["state", "stage", "value", "output", "kept", "estimate"]
WireKind = Literal["identity", "positive", "negative", "symbolic", "argument", "kept"]


@dataclass(frozen=True)
class Box:
    """A node. `dead`: no output depends on it."""

    key: str
    kind: BoxKind
    lines: tuple[str, ...]
    tooltip: str
    dead: bool = False


@dataclass(frozen=True)
class Wire:
    """An edge. Identity, positive, negative and symbolic ones carry a coefficient; an argument
    wire takes a value into a stage, a kept one tells what a state becomes, both unchanged."""

    tail: str
    head: str
    kind: WireKind
    label: str = ""
    tooltip: str = ""
    dead: bool = False
    estimate: bool = False


@dataclass(frozen=True)
class Wiring:
    """States first, then stages and values in the order of computation, then what comes out."""

    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]


def wiring(graph: Graph) -> Wiring:
    """The wiring diagram of a graph."""
    return _Drawing(graph).wiring()


class _Drawing:
    """What is asked of the graph again and again while its diagram is made."""

    def __init__(self, graph: Graph) -> None:
        import networkx as nx

        self.graph = graph
        self.readers: dict[str, list[str]] = {row.key: [] for row in graph.rows}
        for evaluation in graph.evaluations:
            self.readers[evaluation.argument].append(evaluation.key)
        self.estimates = {estimate.row: estimate for estimate in graph.estimates}
        self.live = set(graph.outputs)
        for output in graph.outputs:
            self.live |= nx.ancestors(graph.digraph, output)
        self.steps = {s.name: STEP for s in graph.symbols if s.scope == "stage"}
        self.power = {key: self._power(key) for key in (*graph.state, *graph.evaluation)}
        self.numbers = self._numbers()

    def plain(self, coefficient: Coefficient) -> Coefficient:
        """With h for the step of each row, without the rounding of printed decimals."""
        exact = Coefficient(coefficient.numerator, coefficient.denominator)
        return exact.substitute(self.steps) if self.steps else exact

    def _power(self, source: str) -> int:
        """The power of h that every wire out of a stage carries: it stands in the box instead."""
        if source in self.graph.state or source in self.graph.outputs:
            return 0
        powers = [
            self.plain(row.coefficients[source]).power_of("h")
            for row in self.graph.rows
            if source in row.coefficients
        ]
        return max(0, min(powers, default=0))

    def _numbers(self) -> dict[str, str]:
        """group -> slot, and its place among the block's sub-nets if the slot has several sets of
        weights: `f[1]`. Those that the block does not have come last.
        """
        stages = sorted(self.graph.evaluations, key=lambda e: e.key not in self.live)
        slots = {stage.group: stage.slot for stage in stages}
        sets = Counter(slots.values())
        return {
            group: f"{slot}[{i}]" if sets[slot] > 1 else slot
            for i, (group, slot) in enumerate(slots.items())
        }

    def wiring(self) -> Wiring:
        boxes = [self._state(state) for state in self.graph.states]
        boxes += self._middle()
        boxes += self._sinks()
        return Wiring(tuple(boxes), tuple(self._wires()))

    # ------------------------------------------------------------------ boxes

    def _state(self, state: State) -> Box:
        return Box(state.key, "state", (state.key,), state.key, state.key not in self.live)

    def _middle(self) -> Iterator[Box]:
        """Stages in the order of computation, values of their own before their first reader."""
        drawn = set()
        for evaluation in self.graph.evaluations:
            row = self.graph.row[evaluation.argument]
            if self._has_box(row) and row.key not in drawn:
                drawn.add(row.key)
                yield self._row(row)
            yield self._stage(evaluation)

    def _stage(self, evaluation: Evaluation) -> Box:
        slot = self.numbers[evaluation.group]
        linear = " (linear)" if evaluation.slot in self.graph.linear else ""
        lines = [evaluation.key, f"{self._factor(evaluation.key)}{slot}{linear}"]
        tooltip = f"{evaluation.key} = {evaluation.slot}({evaluation.argument})"
        if evaluation.c is not None:
            lines.append(f"c = {short(self.plain(evaluation.c))}")
            tooltip += f", c = {exact(evaluation.c)}"
        dead = evaluation.key not in self.live
        return Box(evaluation.key, "stage", tuple(lines), tooltip, dead)

    def _factor(self, source: str) -> str:
        power = self.power[source]
        return "" if not power else "h·" if power == 1 else f"h^{power}·"

    def _row(self, row: Row) -> Box:
        if row.key in self.graph.outputs:
            return Box(row.key, "output", (row.key,), row.key)
        if estimate := self.estimates.get(row.key):
            kind = "embedded" if estimate.kind == "bhat" else "error estimate"
            return Box(row.key, "estimate", (row.key, kind), f"{kind} of {estimate.state}")
        return Box(row.key, "value", (row.key,), row.key, row.key not in self.live)

    def _has_box(self, row: Row) -> bool:
        """Whether the row is more than the argument of stages."""
        if row.key in self.graph.outputs or row.key in self.estimates:
            return True
        readers = len(self.readers[row.key])
        return readers != 1 and not (readers and row.only_source)

    def _sinks(self) -> Iterator[Box]:
        """Rows that no stage reads, in the order of states, then what is kept, then estimates."""
        unread = [row for row in self.graph.rows if not self.readers[row.key]]
        order = {key: i for i, key in reversed(list(enumerate(self.graph.outputs)))}
        outputs = (row for row in unread if row.key in order)
        yield from map(self._row, sorted(outputs, key=lambda row: order[row.key]))
        for state, _ in self._kept():
            yield Box(f"next {state.key}", "kept", ("kept as", state.key), f"next {state.key}")
        yield from map(self._row, (r for r in unread if r.key not in order))

    def _kept(self) -> Iterator[tuple[State, str]]:
        """States that become another state, an evaluation, or a row that is drawn already."""
        seen = set()
        for state, output in zip(self.graph.states, self.graph.outputs, strict=True):
            if output not in self.graph.row or output in seen:
                yield state, output
            seen.add(output)

    # ------------------------------------------------------------------ wires

    def _wires(self) -> Iterator[Wire]:
        for row in self.graph.rows:
            heads = [row.key] if self._has_box(row) else self.readers[row.key]
            for term in row.terms:
                for head in heads:
                    yield self._term(term.source, head, term.coefficient, row)
        for stage in self.graph.evaluations:
            if self._has_box(self.graph.row[stage.argument]):
                dead = stage.key not in self.live
                yield Wire(stage.argument, stage.key, "argument", dead=dead)
        for state, output in self._kept():
            yield Wire(output, f"next {state.key}", "kept", tooltip=f"kept as {state.key}")

    def _term(self, source: str, head: str, coefficient: Coefficient, row: Row) -> Wire:
        rest = self.plain(coefficient) / STEP ** self.power[source]
        kind: WireKind
        if source in self.graph.state and coefficient == 1:
            kind = "identity"
        elif rest.names - {"h"}:
            kind = "symbolic"
        else:
            kind = _sign(rest)
        return Wire(
            source,
            head,
            kind,
            "" if kind == "identity" else short(rest),
            f"{row.key}: {exact(coefficient)} times {source}",
            row.key not in self.live and row.key not in self.estimates,
            row.key in self.estimates and row.key not in self.live,
        )


def _sign(coefficient: Coefficient) -> Literal["positive", "negative", "symbolic"]:
    """The sign of a coefficient of numbers and h."""
    try:
        return "negative" if coefficient.start().sign < 0 else "positive"
    except ZeroDivisionError:
        return "symbolic"
