"""A graph as the analysis of order reads it: stages and targets over the exact solution.

    Y_i = sum_l U_il u(t_n - l h) + h^d sum_j A_ij k_j      k_i = F_i(Y_i)

for equations u^(d) = f(u), d = 1 or 2.
The values a block receives are taken to be exact, u[n-l] = u(t_n - l h). A kept evaluation is
what it was when it was new, with exact values put in: k1[n-2] is a stage of its own, k1 two
blocks ago, whose argument has every lag two larger. Where that argument is the new value u[n+1]
of its block (an implicit multistep method), it is the exact solution there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from butcher.analysis.entry import NOTHING, Entry, NotHomogeneousError, entry, total
from butcher.analysis.equation import check_equation
from butcher.analysis.limits import TooLargeError, UndefinedError
from butcher.coefficient import ONE, Coefficient, shown
from butcher.ir.graph import Graph, Row, State, Term

_ONE = Entry(ONE)

LARGEST_TERMS = 50_000


@dataclass(frozen=True)
class Combination:
    """sum of values[l] u(t_n - l h) + h^d sum of stages[j] k_j, a value of the state."""

    state: str
    values: Mapping[int, Entry]
    stages: Mapping[int, Entry]

    @property
    def place(self) -> Entry:
        """sum of values[l] (-l): where it stands, in steps from t_n, but for its stages."""
        return total(one.times(-lag) for lag, one in self.values.items())

    def minus(self, other: Combination) -> Combination:
        return Combination(
            self.state,
            _difference(self.values, other.values),
            _difference(self.stages, other.stages),
        )


def _difference(left: Mapping[int, Entry], right: Mapping[int, Entry]) -> dict[int, Entry]:
    keys = dict.fromkeys([*left, *right])
    found = {key: left.get(key, NOTHING) - right.get(key, NOTHING) for key in keys}
    return {key: value for key, value in found.items() if value != NOTHING}


@dataclass(frozen=True)
class Stage:
    """An evaluation, `lag` blocks ago; c is its abscissa, counted from t_n, None without time."""

    evaluation: str
    slot: str
    lag: int
    argument: Combination
    c: Entry | None


@dataclass(frozen=True)
class Target:
    """What is to be the solution at t_n + h. For an `err` row, b - err is."""

    key: str
    kind: Literal["advanced", "bhat", "err"]
    combination: Combination


@dataclass(frozen=True)
class System:
    """`reads` and `drives`: for each slot the state it is a function of and the one it drives.

    derivative   d, the order of the equations.
    """

    stages: tuple[Stage, ...]
    targets: tuple[Target, ...]
    reads: Mapping[str, str]
    drives: Mapping[str, str]
    derivative: int = 1

    @property
    def coefficients(self) -> list[Entry]:
        """Those of every argument and target."""
        parts = [s.argument for s in self.stages] + [t.combination for t in self.targets]
        return [e for p in parts for e in (*p.values.values(), *p.stages.values())]

    def radii(self, with_time: bool = False) -> list[Fraction]:
        """What the coefficients were rounded by, where they were; with time the nodes as well."""
        nodes = [s.c for s in self.stages if s.c] if with_time else []
        return [e.radius for e in (*self.coefficients, *nodes) if e.radius]

    def keeps_time(self, stage: Stage) -> bool:
        """Whether each sum of the row, over the stages of one slot, is c, within the rounding."""
        if stage.c is None:
            return False
        start = stage.argument.place
        if self.derivative == 2:
            return (start - stage.c).may_be(0)
        sums = {slot: start for slot, state in self.drives.items() if state == stage.argument.state}
        for place, one in stage.argument.stages.items():
            slot = self.stages[place].slot
            sums[slot] = sums[slot] + one
        return all((found - stage.c).may_be(0) for found in sums.values())


def system(graph: Graph, depth: int, derivative: int = 1) -> System:
    """The stages that the new values and the estimates depend on.

    depth   how often a kept evaluation may read a kept evaluation before it no longer counts:
            every time the order of what it adds is one higher, so the order sought will do.
    derivative   of the equations; others are refused.

    Raises UndefinedError, or TooLargeError.
    """
    return _Unfolding(graph, depth, derivative).system()


@dataclass
class _Unfolding:
    graph: Graph
    depth: int
    derivative: int
    places: dict[tuple[str, int], int] = field(default_factory=dict)
    """(evaluation, lag) -> its index among the stages."""
    found: list[tuple[str, int, int]] = field(default_factory=list)
    """(evaluation, lag, how many kept evaluations deep), the stages found so far."""
    terms: int = 0
    origins: dict[str, tuple[str, int]] = field(default_factory=dict)
    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    """What was made out before, of a state and of a term of a row."""

    def system(self) -> System:
        reads, drives = self.equations()
        targets = self.targets()
        stages: list[Stage] = []
        while len(stages) < len(self.found):
            stages.append(self.stage(*self.found[len(stages)], reads))
        result = System(tuple(stages), tuple(targets), reads, drives, self.derivative)
        _check(result)
        return result

    def equations(self) -> tuple[dict[str, str], dict[str, str]]:
        reads: dict[str, str] = {}
        drives: dict[str, str] = {}
        for equation in self.graph.ode:
            if equation.derivative != self.derivative:
                raise UndefinedError(
                    "trees are counted for equations of one order, not for "
                    + equation.state
                    + "'" * equation.derivative
                )
            for slot, state in equation.slots:
                if slot in reads:
                    raise UndefinedError(f"slot {slot} stands twice in the ode clause")
                reads[slot], drives[slot] = state, equation.state
        for slot in self.graph.slots:
            if slot in self.graph.linear:
                raise UndefinedError(f"slot {slot} is a linear map and no term of the equation")
        check_equation(self.graph)
        if not reads:
            raise UndefinedError("no slot is evaluated")
        return reads, drives

    def targets(self) -> list[Target]:
        advanced: dict[str, Combination] = {}
        found = []
        for state, key in zip(self.graph.states, self.graph.outputs, strict=True):
            if state.is_newest:
                advanced[state.name] = self.combination(key, 0, 0, state.name)
                found.append(Target(key, "advanced", advanced[state.name]))
        if not found:
            raise UndefinedError("no state is a value of the solution")
        for estimate in self.graph.estimates:
            holder = self.graph.state.get(estimate.state)
            name = holder.name if holder else estimate.state
            value = self.combination(estimate.row, 0, 0, name)
            if estimate.kind == "err":
                value = advanced[name].minus(value)
            found.append(Target(estimate.row, estimate.kind, value))
        return found

    def stage(self, key: str, lag: int, deep: int, reads: Mapping[str, str]) -> Stage:
        evaluation = self.graph.evaluation[key]
        state = reads[evaluation.slot]
        if lag and (new := new_value(self.graph, evaluation.argument)):
            if new != state:
                raise UndefinedError(f"{key} reads {new}, but {evaluation.slot} is of {state}")
            argument = Combination(state, {lag - 1: _ONE}, {})
        else:
            argument = self.combination(evaluation.argument, lag, deep, state)
        c = None
        if evaluation.c is not None:
            c = self.entry("the node", key, evaluation.c, 0) - _ONE.times(lag)
        return Stage(key, evaluation.slot, lag, argument, c)

    def combination(self, key: str, lag: int, deep: int, state: str) -> Combination:
        """A row as it was `lag` blocks ago, a value of the state."""
        values: dict[int, Entry] = {}
        stages: dict[int, Entry] = {}
        row = self.graph.row.get(key) or Row(key, (Term(key, Coefficient.of(1)),))
        self.terms += len(row.terms)
        if self.terms > LARGEST_TERMS:
            raise TooLargeError("the kept evaluations reach too far back")
        for source, coefficient in ((t.source, t.coefficient) for t in row.terms):
            held = self.graph.state.get(source)
            if held is not None and held.kind == "value":
                if held.name != state:
                    raise UndefinedError(f"{key} takes {source} as a value of {state}")
                value = self.entry(source, key, coefficient, 0)
                values[lag + held.lag] = values.get(lag + held.lag, NOTHING) + value
                continue
            value = self.entry(source, key, coefficient, self.derivative)
            evaluation, ago = self.origin(held) if held is not None else (source, 0)
            place = self.place(evaluation, lag + ago, deep + (ago > 0))
            if place is not None:
                stages[place] = stages.get(place, NOTHING) + value
        return Combination(state, values, stages)

    def origin(self, state: State) -> tuple[str, int]:
        if state.key not in self.origins:
            self.origins[state.key] = origin(self.graph, state)
        return self.origins[state.key]

    def entry(self, source: str, key: str, coefficient: Coefficient, power: int) -> Entry:
        try:
            if (source, key) not in self.entries:
                self.entries[source, key] = entry(coefficient, power)
            return self.entries[source, key]
        except NotHomogeneousError as error:
            what = f"h{'^2' * (power - 1)} times a number" if power else "a number without h"
            raise UndefinedError(f"{source} in {key} has {error}, which is not {what}") from error
        except ZeroDivisionError as error:
            raise UndefinedError(f"{source} in {key}: {error}") from error

    def place(self, evaluation: str, lag: int, deep: int) -> int | None:
        if deep > self.depth:
            return None
        if (evaluation, lag) not in self.places:
            self.places[evaluation, lag] = len(self.found)
            self.found.append((evaluation, lag, deep))
        return self.places[evaluation, lag]


def new_value(graph: Graph, key: str) -> str | None:
    """The state whose newest value the row is."""
    for state, output in zip(graph.states, graph.outputs, strict=True):
        if output == key and state.is_newest:
            return state.name
    return None


def origin(graph: Graph, state: State) -> tuple[str, int]:
    """The evaluation that a state keeps, and how many blocks it is old."""
    ago, key = 0, state.key
    becomes = {s.key: output for s, output in zip(graph.states, graph.outputs, strict=True)}
    while key in becomes and ago <= len(becomes):
        ago, key = ago + 1, becomes[key]
    if (row := graph.row.get(key)) and row.only_source:
        key = row.only_source
    if key not in graph.evaluation:
        raise UndefinedError(f"{state.key} is neither a value nor an earlier evaluation")
    return key, ago


def _check(found: System) -> None:
    """Every argument keeps constants, and adds up what drives the state it is a value of."""
    parts = [(f"the argument of {s.evaluation}", s.argument) for s in found.stages]
    parts += [(t.key, t.combination) for t in found.targets]
    for name, part in parts:
        if found.derivative == 2 and name in {t.key for t in found.targets}:
            _keeps_straight_lines(name, part)
        factors = total(part.values.values())
        if not factors.may_be(1):
            added = shown(factors.value)
            raise UndefinedError(
                f"{name} does not keep constants: its values add up to {added}, not 1"
            )
        for place in part.stages:
            slot = found.stages[place].slot
            if found.drives[slot] != part.state:
                raise UndefinedError(f"{name} adds {slot}, which drives {found.drives[slot]}")


def _keeps_straight_lines(name: str, part: Combination) -> None:
    """u'' = 0 is to be solved exactly: without it h^2 f is no part of the next value."""
    if not part.place.may_be(1):
        place = shown(part.place.value)
        raise UndefinedError(f"{name} does not keep straight lines: t is {place} there, not 1")
