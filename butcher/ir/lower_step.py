"""Lowering of step bodies: assignments become rows and evaluations."""

from __future__ import annotations

from butcher.coefficient import Coefficient
from butcher.errors import SpecError, error
from butcher.ir.arrange import arranged
from butcher.ir.graph import STEP, Evaluation, Graph, Row, State, Term, indexed
from butcher.ir.steps import StepSize
from butcher.source import Span
from butcher.spec.scheme import Call, Reference, Scheme, Statement, StepBody, clock
from butcher.spec.scheme import Term as Written

ONE = Coefficient.of(1)
Sum = dict[str, Term]
"""source key -> term: an affine combination of states and evaluations."""


def only_call(statement: Statement) -> Call | None:
    """The evaluation that the statement gives a name to, `k = f(...)`."""
    first = statement.terms[0]
    is_named = not statement.is_state and len(statement.terms) == 1 and first.coefficient == 1
    return first.source if is_named and isinstance(first.source, Call) else None


def lower_step(scheme: Scheme, body: StepBody, size: StepSize) -> Graph:
    """Every assignment of a state is a row, every call an evaluation of a row."""
    return _Lowering(scheme, body, size).graph()


class _Lowering:
    def __init__(self, scheme: Scheme, body: StepBody, size: StepSize) -> None:
        self.scheme = scheme
        self.body = body
        self.size = size
        self.sums: dict[str, Sum] = {}
        self.rows: dict[str, Row] = {}
        self.evaluations: list[Evaluation] = []
        self.lags: dict[str, int] = {s.target: 0 for s in body.statements if s.is_state}
        self.kept: dict[str, int] = {}
        self.taken = {s.target for s in body.statements} | set(self.lags)
        self.slots = {s.target: call.slot for s in body.statements if (call := only_call(s))}
        """The slot of each evaluation; of those with a name from the beginning, since `k[n-1]` may
        stand above `k`."""
        self.states: dict[str, State] = {}
        """The states that were read so far, by key."""

    def graph(self) -> Graph:
        for statement in self.body.statements:
            self.statement(statement)
        states = [
            [State(name, -lag, "value", lag) for lag in range(most + 1)]
            for name, most in self.lags.items()
        ]
        history = [
            [State(name, -lag, "evaluation", lag) for lag in range(1, self.kept[name] + 1)]
            for name in self.sums
            if name in self.kept
        ]
        outputs = [
            key
            for chain in states + history
            for key in (
                indexed(chain[0].name, 1) if chain[0].kind == "value" else chain[0].name,
                *(state.key for state in chain[:-1]),
            )
        ]
        return arranged(
            Graph(
                name=self.scheme.name,
                states=tuple(state for chain in states + history for state in chain),
                evaluations=tuple(self.evaluations),
                rows=tuple(self.rows.values()),
                outputs=tuple(outputs),
                estimates=(),
                symbols=self.size.symbols,
                ode=self.scheme.ode,
                linear=frozenset(self.scheme.linear),
                sweeps=self.scheme.sweeps,
            )
        )

    # ------------------------------------------------------------------ statements

    def statement(self, statement: Statement) -> None:
        name = indexed(statement.target, 1) if statement.is_state else statement.target
        if call := only_call(statement):
            key = self.evaluate(call, name, key=name)
            self.sums[name] = {key: Term(key, ONE)}
            return
        total = self.sum(statement.terms, name)
        self.sums[name] = self.nonzero(total, statement.place.span)
        if statement.is_state:
            self.row(name, self.sums[name], statement.place.span)

    def nonzero(self, total: Sum, span: Span) -> Sum:
        if not total:
            finding = error("B223", span, "this is zero: everything in it cancels")
            raise SpecError([*self.scheme.findings, finding], self.scheme.source)
        return total

    def row(self, key: str, total: Sum, span: Span) -> str:
        self.rows.setdefault(key, Row(key, tuple(total.values()), span))
        return key

    def sum(self, terms: tuple[Written, ...], owner: str) -> Sum:
        """The terms over states and evaluations; `owner` is the assignment, for its step."""
        total: Sum = {}
        for written in terms:
            factor = written.coefficient
            if "h" in factor.names:
                factor = factor.substitute({"h": self.size.at(owner)})
            for term in self.source(written.source, owner).values():
                product = factor * term.coefficient
                if term.source in total:
                    product = total[term.source].coefficient + product
                total[term.source] = Term(term.source, product, written.place.span)
        return {key: term for key, term in total.items() if term.coefficient}

    def source(self, source: Reference | Call, owner: str) -> Sum:
        """What a term multiplies."""
        if isinstance(source, Call):
            key = self.evaluate(source, owner)
            return {key: Term(key, ONE)}
        if source.kind == "state" and source.lag >= 0:
            self.lags[source.name] = max(self.lags[source.name], source.lag)
            return self.read(State(source.name, -source.lag, "value", source.lag))
        if source.kind == "state":
            return self.sums[indexed(source.name, 1)]
        if source.lag == 0:
            return self.sums[source.name]
        self.kept[source.name] = max(self.kept.get(source.name, 0), source.lag)
        return self.read(State(source.name, -source.lag, "evaluation", source.lag))

    def read(self, state: State) -> Sum:
        self.states[state.key] = state
        return {state.key: Term(state.key, ONE)}

    # ------------------------------------------------------------------ evaluations

    def evaluate(self, call: Call, owner: str, key: str | None = None) -> str:
        """Adds the evaluation of a call and gives its key: the name it is assigned to, or new."""
        argument = self.argument(call, owner)
        key = key or self.fresh()
        self.slots[key] = call.slot
        self.evaluations.append(
            Evaluation(
                key=key,
                slot=call.slot,
                argument=argument,
                group=call.slot if self.scheme.shared else key,
                c=self.abscissa(call.slot, self.rows[argument], owner),
                span=call.place.span,
            )
        )
        return key

    def fresh(self) -> str:
        number = len(self.evaluations) + 1
        while f"k{number}" in self.taken:
            number += 1
        self.taken.add(f"k{number}")
        return f"k{number}"

    def argument(self, call: Call, owner: str) -> str:
        """The row a call reads: the one that is named there, or a row of its own."""
        total = self.nonzero(self.sum(call.argument, owner), call.place.span)
        only = call.argument[0]
        if len(call.argument) == 1 and only.coefficient == 1 and isinstance(only.source, Reference):
            reference = only.source
            if reference.kind == "state" and reference.lag < 0:
                return indexed(reference.name, 1)
            if reference.lag == 0 and reference.kind == "name":
                return self.row(f"Y[{reference.name}]", total, reference.place.span)
            return self.row(f"Y[{next(iter(total))}]", total, reference.place.span)
        return self.row(f"Y{len(self.rows) + 1}", total, call.place.span)

    def abscissa(self, slot: str, row: Row, owner: str) -> Coefficient | None:
        """What the row does to t, in steps: None if it does not keep constants."""
        timed = clock(self.scheme.ode, slot)
        takes_time = any(equation.time for equation in self.scheme.ode)
        h = self.size.at(owner) if takes_time else STEP
        constant, offset = Coefficient.of(0), Coefficient.of(0)
        for term in row.terms:
            state = self.states.get(term.source)
            if state is not None and state.kind == "value":
                constant = constant + term.coefficient
                offset = offset + term.coefficient * h * state.index
                continue
            source = self.slots[term.source if state is None else state.name]
            if source == timed:
                offset = offset + term.coefficient * self.speed(timed)
            elif clock(self.scheme.ode, source) is None:
                return None
        return offset / STEP if constant == 1 else None

    def speed(self, slot: str | None) -> int:
        """What f is for u = t: 1 in u' = f(u), 0 in u'' = f(u)."""
        orders = {name: e.derivative for e in self.scheme.ode for name, _ in e.slots}
        return 2 - orders[slot] if slot in orders else 1
