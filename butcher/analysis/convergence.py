"""Orders as they are seen: a method steps through a problem whose solution is known.

The slope of log error over log h tends to the order. The problem is made for the equation of the
method, nonlinear and with t in it, so that no condition of a tree is met by accident: every
component of a solution is a/(b + t), and a slot of x^(d) = f(t, y) + g(t, x) is

    f(t, y) = w x^(d)(t) + G(y) - G(y(t))      G_i(y) = s y_(i+1) / (1 + y_i^2)

with weights w that add up to 1 over the slots of an equation and a scale s of its own for each.
Numbers are decimals of 50 digits, since double precision is too coarse from order 6 on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cached_property
from math import factorial, log

from butcher.analysis.limits import TooLargeError, UndefinedError
from butcher.analysis.order import OrderResult, order
from butcher.analysis.system import new_value, origin
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
    method has no order, TooLargeError where that would take too long.
    """
    if _work(graph) * sum(counts) > LARGEST_WORK:
        raise TooLargeError("the method has too many coefficients to be set to work")
    proved = order(graph)
    reached = proved.advanced.order
    if reached is None:
        raise UndefinedError(proved.advanced.reason or "order has no meaning here")
    with localcontext(prec=DIGITS):
        ends = [_Run.of(graph, count, reached + 1).end() for count in counts]
        firsts = [_Run.of(graph, FINER * count, reached + 1).first() for count in counts]
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


# ---------------------------------------------------------------------- the problem


@dataclass(frozen=True)
class Vector:
    """A value of a state; it can be multiplied by exact numbers, as `interpret` does."""

    parts: tuple[Decimal, ...]

    def __add__(self, other: Vector) -> Vector:
        return Vector(tuple(a + b for a, b in zip(self.parts, other.parts, strict=True)))

    def __mul__(self, factor: Number) -> Vector:
        number = _decimal(factor)
        return Vector(tuple(part * number for part in self.parts))

    def distance(self, other: Vector) -> Decimal:
        return max(abs(a - b) for a, b in zip(self.parts, other.parts, strict=True))


def _decimal(number: Number) -> Decimal:
    total = Decimal(0)
    for radicand, factor in number.terms:
        total += factor * Decimal(radicand).sqrt() if radicand != 1 else factor
    return total / number.denominator


@dataclass(frozen=True)
class Problem:
    """What is solved: a right-hand side for every slot, and the solution."""

    graph: Graph

    def solution(self, state: str, t: Number, derivative: int = 0) -> Vector:
        """a (-1)^d d! / (b + t)^(d+1) in both components, a and b other ones for every state."""
        place = [equation.state for equation in self.graph.ode].index(state)
        factor = (-1) ** derivative * factorial(derivative)
        return Vector(
            tuple(
                factor * (1 + a) / (Decimal(2 + place + a) + _decimal(t)) ** (derivative + 1)
                for a in range(2)
            )
        )

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """What each slot is in the equation."""
        found: dict[str, Source] = {}
        for equation in self.graph.ode:
            whole = len(equation.slots) * (len(equation.slots) + 1) // 2
            for i, (slot, reads) in enumerate(equation.slots):
                weight, scale = Number.of(Fraction(i + 1, whole)), len(found) + 1
                found[slot] = Source(reads, equation.state, equation.derivative, weight, scale)
        return found

    def slot(self, evaluation: Evaluation, t: Number, value: Vector) -> Vector:
        source = self.sources[evaluation.slot]
        forced = self.solution(source.drives, t, source.derivative) * source.weight
        there = _nonlinear(self.solution(source.reads, t), source.scale)
        return forced + _nonlinear(value, source.scale) + there * Number.of(-1)


@dataclass(frozen=True)
class Source:
    """One slot: the state it reads, the state it drives, which derivative, w and s."""

    reads: str
    drives: str
    derivative: int
    weight: Number
    scale: int


def _nonlinear(value: Vector, scale: int) -> Vector:
    turned = (*value.parts[1:], value.parts[0])
    pairs = zip(value.parts, turned, strict=True)
    return Vector(tuple(scale * other / (1 + one * one) for one, other in pairs))


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
        newest = [s for s in self.graph.states if s.kind == "value" and s.lag == 0]
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
