"""When each feature map of a block is there: born, added to, carried, read, let go.

Time runs to the right, in points. Every map has a line of its own, states first and then in the
order in which they come; a row that is computed twice has one line with a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from butcher.analysis.network.carried import Cover
from butcher.emit.label import exact
from butcher.ir.graph import Evaluation, Graph
from butcher.ir.sums import Sum
from butcher.passes.schedule import Add, Drop, Evaluate, Join, Step

ADDITION = 9.0  # between two sums that are added to
GAP = 12.0  # before and after an evaluation
EVALUATION = 40.0  # how long one takes

Kind = Literal["state", "value", "sum"]
Ending = Literal["read", "dropped", "returned"]


@dataclass(frozen=True)
class Line:
    """A map. `label` is what is written at its beginning, `key` what the schedule calls it."""

    key: str
    label: str
    kind: Kind


@dataclass(frozen=True)
class Life:
    """A map is there from `begin` to `end`.

    ending   dropped: a block lets go of it; returned: it is handed on; read: it is a state that
             is not read any more, and who called holds it, or the block ends.
    """

    line: Line
    begin: float
    end: float
    ending: Ending


@dataclass(frozen=True)
class Added:
    """At the time `at`, `source` is added to `sum`."""

    source: Line
    sum: Line
    at: float
    tooltip: str


@dataclass(frozen=True)
class Column:
    """An evaluation: what it reads, what it makes, when it begins, and what is carried across."""

    evaluation: Evaluation
    argument: Line
    value: Line
    begin: float
    carried: tuple[Line, ...]

    @property
    def end(self) -> float:
        return self.begin + EVALUATION


@dataclass(frozen=True)
class Lifelines:
    """Everything, in the order in which it happens."""

    lines: tuple[Line, ...]
    lives: tuple[Life, ...]
    added: tuple[Added, ...]
    columns: tuple[Column, ...]
    end: float


def lifelines(graph: Graph, steps: Sequence[Step], carried: Sequence[Cover]) -> Lifelines:
    """What a schedule does, with what is carried across each evaluation."""
    return _Score(graph, carried).followed(steps)


@dataclass
class _Score:
    """`begun` holds when each map that is there came, `read` when a state was read last."""

    graph: Graph
    carried: Sequence[Cover]
    now: float = 0.0
    lines: dict[str, Line] = field(default_factory=dict)
    lives: list[Life] = field(default_factory=list)
    added: list[Added] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    begun: dict[str, float] = field(default_factory=dict)
    read: dict[str, float] = field(default_factory=dict)

    def followed(self, steps: Sequence[Step]) -> Lifelines:
        for state in self.graph.states:
            self._begin(state.key, state.key, "state")
        for step in steps:
            match step:
                case Add():
                    self._add(step)
                case Join():
                    self._join(step)
                case Evaluate(evaluation):
                    self._evaluate(evaluation)
                case Drop(keys):
                    for key in keys:
                        self._end(key, self.now + ADDITION / 2, "dropped")
        self._return()
        return Lifelines(
            tuple(self.lines.values()),
            tuple(self.lives),
            tuple(self.added),
            tuple(self.columns),
            self.now,
        )

    # ------------------------------------------------------------------ lives

    def _begin(self, key: str, label: str, kind: Kind) -> Line:
        self.begun.setdefault(key, self.now)
        return self.lines.setdefault(key, Line(key, label, kind))

    def _end(self, key: str, at: float, ending: Ending) -> None:
        if key in self.begun:
            self.lives.append(Life(self.lines[key], self.begun.pop(key), at, ending))

    def _source(self, key: str) -> Line:
        self.read[key] = self.now
        return self.lines[key]

    def _return(self) -> None:
        """What is handed on reaches the end; all else that is there has been read."""
        self.now += 2 * GAP
        for key in self.graph.outputs:
            self._end(self._value(key), self.now, "returned")
        for estimate in self.graph.estimates:
            self._end(self._value(estimate.row), self.now, "returned")
        for key in list(self.begun):
            self._end(key, self.read.get(key, self.begun[key]), "read")

    def _value(self, key: str) -> str:
        """The map that a row or an output is: another one's, if it is exactly that."""
        row = self.graph.row.get(key)
        return key if row is None or row.only_source is None else row.only_source

    # ------------------------------------------------------------------ steps

    def _add(self, step: Add) -> None:
        self.now += ADDITION
        line = self._begin(step.sum.key, _label(step.sum), "sum")
        for term in step.terms:
            said = f"{exact(term.coefficient)} times {term.source}, added to {line.label}"
            self.added.append(Added(self._source(term.source), line, self.now, said))

    def _join(self, step: Join) -> None:
        self.now += ADDITION
        line = self._begin(step.row.key, step.row.key, "sum")
        for part in step.sums:
            source = self._source(part.terms[0].source if part.is_value else part.key)
            if source != line:
                factor = "" if part.factor is None else f"{exact(part.factor)} times "
                said = f"{factor}{source.label}, added to {line.label}"
                self.added.append(Added(source, line, self.now, said))

    def _evaluate(self, evaluation: Evaluation) -> None:
        self.now += GAP
        begin = self.now
        cover = self.carried[len(self.columns)]
        keys = [self._value(key) for key in (*cover.values, *cover.sums)]
        # a row that is read and kept is there already, what is kept for later is begun
        carried = tuple(self.lines[key] for key in keys if key in self.lines)
        self.now += EVALUATION
        argument = self._source(self._value(evaluation.argument))
        value = self._begin(evaluation.key, evaluation.key, "value")
        self.columns.append(Column(evaluation, argument, value, begin, carried))
        for line in carried:
            self.read[line.key] = max(self.read.get(line.key, 0.0), self.now)
        self.now += GAP - ADDITION / 2


def _label(part: Sum) -> str:
    """`Y3`; `d Y3` for what is multiplied before it is added to Y3."""
    return part.key if part.factor is None else f"d {part.row}"
