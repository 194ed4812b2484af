"""The one representation of every method: rows, evaluations, states, symbols.

A *row* is an affine combination of states and evaluations: the argument of a stage, a named
value, a new state, an estimate. An *evaluation* applies a slot (a sub-net) to one row. A *state*
is what a block receives: a value such as `u[n]`, `u[n-1]`, or an earlier evaluation `k[n-1]`.

    Y_i = sum_j A_ij k_j + sum_j U_ij y_j      k_i = F_i(Y_i)      y'_i = sum_j B_ij k_j + ...

Everything is known by its key, a text that is unique in its graph: states `u[n]`, `u[n-1]`,
evaluations `k1`, rows `Y1` or `u[n+1]`. Keys are made by `butcher.ir.lower`; after that they are
told apart, and emitters choose names by them, but nothing is found out from their spelling. The
step h stands inside the coefficients.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from butcher.coefficient import ONE, Coefficient, Variable
from butcher.source import Span
from butcher.spec.scheme import Equation
from butcher.spec.symbol import Symbol

if TYPE_CHECKING:
    import networkx as nx

STEP = Coefficient.symbol(Variable("h", ONE))
"""The step as it stands in `c h`; where every row has a step of its own, c divides by it."""


def indexed(name: str, index: int) -> str:
    """`u[n]`, `u[n+1]`, `u[n-2]`: the key of a value or of an evaluation, `index` from n."""
    return f"{name}[n{index:+d}]" if index else f"{name}[n]"


@dataclass(frozen=True)
class State:
    """What a block receives. `index` is counted from n: `u[n-1]` has -1.

    kind    value: a value of the solution; evaluation: what a slot returned some blocks ago.
    lag     how many blocks ago it was new: `u[n]` 0, `u[n-1]` 1, and for a kept evaluation at
            least 1, `k[n-1]` 1. (An implicit multistep method's `f[n]` has lag 1: this block's
            is `f[n+1]`.)
    """

    name: str
    index: int
    kind: Literal["value", "evaluation"]
    lag: int

    @property
    def key(self) -> str:
        return indexed(self.name, self.index)

    @property
    def is_newest(self) -> bool:
        """Whether it is a value that the block before has made new: `u[n]`."""
        return self.kind == "value" and self.lag == 0


@dataclass(frozen=True)
class Term:
    """coefficient * source, source the key of a state or an evaluation."""

    source: str
    coefficient: Coefficient
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Row:
    """The sum of its terms; no two of them have the same source, none is zero."""

    key: str
    terms: tuple[Term, ...]
    span: Span | None = field(default=None, compare=False)

    @cached_property
    def coefficients(self) -> Mapping[str, Coefficient]:
        """source key -> coefficient."""
        return {term.source: term.coefficient for term in self.terms}

    @property
    def only_source(self) -> str | None:
        """The source, if the row is exactly one state or evaluation, taken once."""
        if len(self.terms) == 1 and self.terms[0].coefficient == 1:
            return self.terms[0].source
        return None


@dataclass(frozen=True)
class Evaluation:
    """slot(argument) at time t + c h.

    argument   the key of a row.
    group      evaluations of one group have one set of weights.
    c          the abscissa; None where the method does not keep constants, so has no time.
    node       where c is written, if it is.
    swept      (k, j) where this is what sweep j, counted from 1, makes of the k of a circle.
    """

    key: str
    slot: str
    argument: str
    group: str
    c: Coefficient | None
    span: Span | None = field(default=None, compare=False)
    node: Span | None = field(default=None, compare=False)
    swept: tuple[str, int] | None = None


@dataclass(frozen=True)
class Estimate:
    """A row that is no state: `bhat`, the embedded solution of `state` (the key of its newest
    value), or `err`, b - bhat."""

    row: str
    state: str
    kind: Literal["bhat", "err"]


@dataclass(frozen=True)
class Graph:
    """A method.

    outputs     for each state the key of what it becomes: a row, another state, an evaluation.
    evaluations stand in an order in which a person would write them; unless there is a
                circle (an implicit method), it is also one in which they can be computed.
    sweeps      the Picard sweeps by which circles are computed; None if none are declared.
    """

    name: str
    states: tuple[State, ...]
    evaluations: tuple[Evaluation, ...]
    rows: tuple[Row, ...]
    outputs: tuple[str, ...]
    estimates: tuple[Estimate, ...]
    symbols: tuple[Symbol, ...]
    ode: tuple[Equation, ...]
    linear: frozenset[str]
    sweeps: int | None

    # ------------------------------------------------------------------ by key

    @cached_property
    def row(self) -> Mapping[str, Row]:
        return {row.key: row for row in self.rows}

    @cached_property
    def evaluation(self) -> Mapping[str, Evaluation]:
        return {e.key: e for e in self.evaluations}

    @cached_property
    def state(self) -> Mapping[str, State]:
        return {state.key: state for state in self.states}

    @cached_property
    def symbol(self) -> Mapping[str, Symbol]:
        return {symbol.name: symbol for symbol in self.symbols}

    @cached_property
    def arrival(self) -> Mapping[str, int]:
        """In which order values come: states, then evaluations."""
        return {key: i for i, key in enumerate([*self.state, *self.evaluation])}

    # ------------------------------------------------------------------ transitions

    def reads(self, evaluation: Evaluation) -> str | None:
        """The state that an evaluation reads as it comes: its argument is that one, taken once.

        Of a block that changes shape, its sub-net maps to the new one. Everything else that reads
        a state reads it behind the block's transition.
        """
        source = self.row[evaluation.argument].only_source
        return source if source in self.state else None

    @cached_property
    def transformed(self) -> tuple[str, ...]:
        """The states that pass through the block's transition: those that arguments, outputs and
        estimates are made of, but for the arguments that are exactly one state. A row without
        terms is zeros in the shape of the first state.
        """
        rows = {e.argument for e in self.evaluations if self.reads(e) is None}
        rows |= {*self.outputs, *(estimate.row for estimate in self.estimates)}
        read = {key for key in rows if key in self.state}
        for row in (self.row[key] for key in rows if key in self.row):
            read |= row.coefficients.keys() if row.terms else {self.states[0].key}
        return tuple(key for key in self.state if key in read)

    # ------------------------------------------------------------------ views

    @property
    def slots(self) -> tuple[str, ...]:
        """The slots that are evaluated, in the order of their first evaluation."""
        return tuple(dict.fromkeys(e.slot for e in self.evaluations))

    @property
    def groups(self) -> tuple[str, ...]:
        """The sets of weights, in the order of their first evaluation."""
        return tuple(dict.fromkeys(e.group for e in self.evaluations))

    @cached_property
    def timed(self) -> frozenset[str]:
        """The slots that are given (t, u): those of the equations that say so, no linear one."""
        return frozenset(slot for e in self.ode if e.time for slot, _ in e.slots)

    @property
    def takes_time(self) -> bool:
        """Whether a slot is given the time."""
        return bool(self.timed)

    def is_value(self, key: str) -> bool:
        """Whether it is the key of a state that is a value of the solution, `u[n]` or `u[n-1]`."""
        state = self.state.get(key)
        return state is not None and state.kind == "value"

    @cached_property
    def names(self) -> frozenset[str]:
        """The symbols that occur in coefficients of rows and, where time is used, in c h; and
        those that the distributions of these are made of.
        """
        used: set[str] = set()
        for row in self.rows:
            for term in row.terms:
                used |= term.coefficient.names
        for evaluation in self.evaluations:
            if evaluation.slot in self.timed and evaluation.c is not None:
                used |= (evaluation.c * STEP).names
        for symbol in self.symbols:
            if symbol.name in used and symbol.distribution is not None:
                used |= {name for a in symbol.distribution.arguments for name in a.names}
        return frozenset(used)

    @cached_property
    def circles(self) -> tuple[frozenset[str], ...]:
        """The sets of evaluations that depend on each other: empty for an explicit method."""
        if self.in_computable_order:
            return ()
        import networkx as nx

        digraph = self.digraph
        return tuple(
            frozenset(key for key in part if key in self.evaluation)
            for part in nx.strongly_connected_components(digraph)
            if len(part) > 1
        )

    @cached_property
    def in_computable_order(self) -> bool:
        """Whether every evaluation depends on earlier ones only."""
        known: set[str] = {state.key for state in self.states}
        for evaluation in self.evaluations:
            if not all(t.source in known for t in self.row[evaluation.argument].terms):
                return False
            known.add(evaluation.key)
        return True

    @property
    def is_explicit(self) -> bool:
        return not self.circles

    @cached_property
    def digraph(self) -> nx.DiGraph[str]:  # type: ignore[explicit-any]  # in networkx's stubs
        """The stage graph. Nodes are keys with attribute `kind` (state, evaluation, row) and
        `node`, the object; edges run the way of the data, those into a row with `coefficient`.
        """
        import networkx as nx

        digraph: nx.DiGraph[str] = nx.DiGraph()  # type: ignore[explicit-any]  # likewise
        digraph.add_nodes_from((s.key, {"kind": "state", "node": s}) for s in self.states)
        digraph.add_nodes_from((e.key, {"kind": "evaluation", "node": e}) for e in self.evaluations)
        digraph.add_nodes_from((r.key, {"kind": "row", "node": r}) for r in self.rows)
        digraph.add_edges_from((e.argument, e.key) for e in self.evaluations)
        digraph.add_edges_from(
            (term.source, row.key, {"coefficient": term.coefficient})
            for row in self.rows
            for term in row.terms
        )
        return digraph

    # ------------------------------------------------------------------ changes

    def changed(
        self,
        *,
        rows: Iterable[Row] | None = None,
        evaluations: Iterable[Evaluation] | None = None,
        symbols: Iterable[Symbol] | None = None,
        estimates: Iterable[Estimate] | None = None,
    ) -> Graph:
        """A copy with some parts exchanged."""
        return replace(
            self,
            rows=self.rows if rows is None else tuple(rows),
            evaluations=self.evaluations if evaluations is None else tuple(evaluations),
            symbols=self.symbols if symbols is None else tuple(symbols),
            estimates=self.estimates if estimates is None else tuple(estimates),
        )
