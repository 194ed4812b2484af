"""Orders as they are seen: a method steps through a problem whose solution is known.

The slope of log error over log h tends to the order. The problem is that of `known_solution`;
numbers are decimals of 50 digits, since double precision is too coarse from order 6 on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Context, localcontext
from fractions import Fraction
from functools import cached_property
from math import isfinite, log

from butcher.analysis.conditions.known_solution import Problem, Vector
from butcher.analysis.conditions.order import OrderResult, order
from butcher.analysis.conditions.system import new_value, origin
from butcher.analysis.limits import TooLargeError, UndefinedError
from butcher.coefficient import Coefficient, Number
from butcher.ir.graph import Evaluation, Graph, State
from butcher.ir.interpret import Result, interpret
from butcher.ir.steps import is_step

DIGITS = 50
BITS = 200
"""Of coefficients, behind the point: more than DIGITS, however many a file has."""

FINER = 16
"""By how much the steps of estimates are smaller."""

SWEEPS = 24
"""Of the circles of an implicit method: each leaves about h times the error of the stages."""

LARGEST_WORK = 150_000
"""Terms that may be added up, of all rows in all blocks: a few seconds."""


@dataclass(frozen=True)
class Slope:
    """What is seen of one row.

    key     the new value (of several states: the first) or the estimate, by the key of its row.
    steps   the steps h, falling.
    errors  one a step, the largest over the components. Of new values at the end of the interval,
            all blocks done; of an estimate after one block, from exact values.
    slope   log(error ratio) / log(step ratio) of the last two; of an estimate less 1, since its
            error is local. It tends to the order. None where an error is 0.
    order   what is proved of the row.
    """

    key: str
    steps: tuple[float, ...]
    errors: tuple[float, ...]
    slope: float | None
    order: int | None


@dataclass(frozen=True)
class Convergence:
    """Observed slopes: `advanced` of the new values, `estimates` of the embedded solutions."""

    advanced: Slope
    estimates: tuple[Slope, ...]


def convergence(graph: Graph, counts: tuple[int, ...] = (16, 32, 64)) -> Convergence:
    """The errors of a method over an interval of length 1, in `counts` blocks.

    Those of estimates are of one block, which costs little: with a step FINER times smaller.
    Starting values, earlier ones and kept evaluations among them, are those that the proof of
    order supposes: exact, and evaluations of exact values. Raises UndefinedError where the
    method has no order or no numbers are large enough, TooLargeError where it would take too long.
    """
    if _work(graph) * sum(counts) > LARGEST_WORK:
        raise TooLargeError("the method has too many coefficients to be set to work")
    proved = order(graph)
    reached = proved.advanced.order
    if reached is None:
        raise UndefinedError(proved.advanced.reason or "order has no meaning here")
    with localcontext(Context(prec=DIGITS, traps=[])):
        ends = [_Run.of(graph, count, reached + 1).end() for count in counts]
        firsts = [_Run.of(graph, FINER * count, reached + 1).first() for count in counts]
    if not all(map(isfinite, (*ends, *(error for errors in firsts for error in errors)))):
        raise UndefinedError("its errors grow beyond all numbers")
    advanced = _slope(proved.advanced, counts, ends, 0)
    finer = [FINER * count for count in counts]
    rows = (estimate.row for estimate in graph.estimates)
    return Convergence(
        advanced,
        tuple(
            _slope(proved.each[key], finer, errors, 1)
            for key, errors in zip(rows, zip(*firsts, strict=True), strict=True)
        ),
    )


def _work(graph: Graph) -> int:
    """How many terms one block adds up."""
    sweeps = 1 if graph.is_explicit else SWEEPS
    return sweeps * sum(len(row.terms) for row in graph.rows)


def _slope(
    proved: OrderResult, counts: Sequence[int], errors: Sequence[float], local: int
) -> Slope:
    steps = tuple(1 / count for count in counts)
    seen = None
    if all(errors[-2:]):
        seen = log(errors[-2] / errors[-1]) / log(steps[-2] / steps[-1]) - local
    return Slope(proved.key, steps, tuple(errors), seen, proved.order)


# ---------------------------------------------------------------------- the method at work


@dataclass
class _Run:
    """The method with one step, from t = 0.

    graph   with that step, and no longer numbers than the work is done in.
    count   how many blocks are an interval of length 1.
    """

    graph: Graph
    count: int
    deepest: int
    """How many blocks back a kept evaluation is made by the method; what is older, and adds
    h^deepest, is that of the solution."""
    kept: dict[tuple[str, int], Vector] = field(default_factory=dict)
    """(evaluation, how many blocks ago) -> what it is with exact values put in."""

    @classmethod
    def of(cls, graph: Graph, count: int, deepest: int) -> _Run:
        step = Number.of(Fraction(1, count))
        steps = {"h": step} | {s.name: step for s in graph.symbols if is_step(s.name)}

        def rounded(coefficient: Coefficient) -> Coefficient:
            value = coefficient.evaluate(steps)
            return Coefficient.of(Number({1: value.scaled(BITS)}, 1 << BITS))

        rows = (
            replace(r, terms=tuple(replace(t, coefficient=rounded(t.coefficient)) for t in r.terms))
            for r in graph.rows
        )
        evaluations = (
            replace(e, c=None if e.c is None else rounded(e.c)) for e in graph.evaluations
        )
        return cls(graph.changed(rows=rows, evaluations=evaluations), count, deepest)

    @cached_property
    def step(self) -> Number:
        return Number.of(Fraction(1, self.count))

    @cached_property
    def problem(self) -> Problem:
        return Problem(self.graph)

    def block(self, graph: Graph, states: Mapping[str, Vector], t: Number) -> Result[Vector]:
        symbols = {"h": self.step}
        return interpret(graph, states, self.problem.slot, symbols=symbols, t=t, sweeps=SWEEPS)

    def end(self) -> float:
        """The error at the end of the interval."""
        states = self.start(self.graph, 0)
        for n in range(self.count):
            outputs = self.block(self.graph, states, self.step * n).outputs
            states = dict(zip(self.graph.state, outputs, strict=True))
        newest = [s for s in self.graph.states if s.is_newest]
        return max(self.error(states[s.key], s.name, self.count) for s in newest)

    def first(self) -> list[float]:
        """The errors of the embedded solutions after one block."""
        result = self.block(self.graph, self.start(self.graph, 0), self.step * 0)
        outputs = dict(zip(self.graph.state, result.outputs, strict=True))
        errors = []
        for estimate, value in zip(self.graph.estimates, result.estimates, strict=True):
            if estimate.kind == "err":
                value = outputs[estimate.state] + value * Number.of(-1)
            errors.append(self.error(value, self.graph.state[estimate.state].name, 1))
        return errors

    def error(self, value: Vector, state: str, blocks: int) -> float:
        return float(value.distance(self.problem.solution(state, self.step * blocks)))

    def start(self, graph: Graph, ago: int) -> dict[str, Vector]:
        """What the block that is `ago` blocks old receives, with exact values put in."""
        return {state.key: self.exact(state, ago) for state in graph.states}

    def exact(self, state: State, ago: int) -> Vector:
        if state.kind == "value":
            return self.problem.solution(state.name, self.step * (state.index - ago))
        key, blocks = origin(self.graph, state)
        ago += blocks
        if (key, ago) not in self.kept:
            self.kept[key, ago] = self.evaluation(self.graph.evaluation[key], ago)
        return self.kept[key, ago]

    def evaluation(self, evaluation: Evaluation, ago: int) -> Vector:
        if new_value(self.graph, evaluation.argument):
            return self.of_solution(evaluation, self.step * (1 - ago))
        if ago > self.deepest:
            return self.of_solution(evaluation, self.step * -ago)
        graph = _upstream(self.graph, evaluation)
        result = self.block(graph, self.start(graph, ago), self.step * -ago)
        return result.evaluations[evaluation.key]

    def of_solution(self, evaluation: Evaluation, t: Number) -> Vector:
        state = self.problem.sources[evaluation.slot].reads
        return self.problem.slot(evaluation, t, self.problem.solution(state, t))


def _upstream(graph: Graph, evaluation: Evaluation) -> Graph:
    """What the evaluation depends on, and itself."""
    import networkx as nx

    needed = nx.ancestors(graph.digraph, evaluation.key) | {evaluation.key}
    return replace(
        graph,
        states=tuple(s for s in graph.states if s.key in needed),
        evaluations=tuple(e for e in graph.evaluations if e.key in needed),
        rows=tuple(r for r in graph.rows if r.key in needed),
        outputs=(),
        estimates=(),
    )
