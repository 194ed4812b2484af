"""Lowering of tableaus and multistep coefficients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from butcher.coefficient import Coefficient
from butcher.ir.arrange import arranged
from butcher.ir.graph import STEP, Estimate, Evaluation, Graph, Row, State, Term, indexed
from butcher.ir.steps import StepSize
from butcher.spec.scheme import Cell, Equation, Multistep, RungeKutta, Scheme, Tableau, clock

ONE = Coefficient.of(1)


class _RungeKutta:
    """Y_i = u + h sum_j a_ij k_j for every state that a slot reads; k_i = f(Y_i)."""

    def __init__(self, scheme: Scheme, body: RungeKutta, size: StepSize) -> None:
        self.scheme = scheme
        self.size = size
        self.tableau = {tableau.slot: tableau for tableau in body.tableaus}
        self.stages = range(len(body.tableaus[0].stages))
        self.several_slots = len(body.tableaus) > 1

    def key(self, slot: str, stage: int) -> str:
        """`k3`, or `f3` and `g3` where there are several slots."""
        return f"{slot if self.several_slots else 'k'}{stage + 1}"

    def argument(self, state: str, stage: int) -> str:
        """`Y3`, or `Y[x]3` where there are several states."""
        return f"Y[{state}]{stage + 1}" if len(self.scheme.ode) > 1 else f"Y{stage + 1}"

    def graph(self) -> Graph:
        ode = self.scheme.ode
        read = dict.fromkeys(r for equation in ode for _, r in equation.slots)
        rows = [self.stage(self.equation(r), i) for i in self.stages for r in read]
        evaluations = [
            self.evaluation(slot, r, i)
            for i in self.stages
            for equation in ode
            for slot, r in equation.slots
        ]
        outputs = [
            self.combined(
                indexed(e.state, 1), e, {s: self.tableau[s].weights for s, _ in e.slots}, keep=True
            )
            for e in ode
        ]
        estimates = [self.estimate(e) for e in ode if self.tableau[e.slots[0][0]].embedded]
        return arranged(
            Graph(
                name=self.scheme.name,
                states=tuple(State(e.state, 0, "value", 0) for e in ode),
                evaluations=tuple(evaluations),
                rows=tuple(rows + outputs + [row for row, _ in estimates]),
                outputs=tuple(row.key for row in outputs),
                estimates=tuple(estimate for _, estimate in estimates),
                symbols=self.size.symbols,
                ode=ode,
                linear=frozenset(),
                sweeps=self.scheme.sweeps,
            )
        )

    def equation(self, state: str) -> Equation:
        return next(e for e in self.scheme.ode if e.state == state)

    def stage(self, equation: Equation, stage: int) -> Row:
        cells = {slot: self.tableau[slot].stages[stage].cells for slot, _ in equation.slots}
        return self.combined(self.argument(equation.state, stage), equation, cells, keep=True)

    def combined(
        self, key: str, equation: Equation, cells: dict[str, tuple[Cell, ...]], *, keep: bool
    ) -> Row:
        """u + h sum_slot sum_j cell_j k_j, without u if not `keep`."""
        terms = [Term(indexed(equation.state, 0), ONE)] if keep else []
        if any(cell.value for row in cells.values() for cell in row):
            h = self.size.at(key)
            terms += [
                Term(self.key(slot, j), h * row[j].value, row[j].place.span)
                for j in self.stages
                for slot, row in cells.items()
                if row[j].value
            ]
        return Row(key, tuple(terms))

    def evaluation(self, slot: str, reads: str, stage: int) -> Evaluation:
        key = self.key(slot, stage)
        timed = clock(self.scheme.ode, slot)
        assert timed is not None
        row = self.tableau[timed].stages[stage]
        c = row.node.value if row.node is not None else total(row.cells)
        if c:
            c = c * self.size.at(self.argument(reads, stage)) / STEP
        return Evaluation(
            key=key,
            slot=slot,
            argument=self.argument(reads, stage),
            group=slot if self.scheme.shared else key,
            c=c,
            span=self.tableau[slot].stages[stage].place.span,
            node=row.node.place.span if row.node is not None else None,
        )

    def estimate(self, equation: Equation) -> tuple[Row, Estimate]:
        """The embedded solution, or the difference to it."""
        is_error = self.tableau[equation.slots[0][0]].error
        cells = {slot: embedded(self.tableau[slot]) for slot, _ in equation.slots}
        kind: Literal["err", "bhat"] = "err" if is_error else "bhat"
        key = f"{kind}[{equation.state}]"
        row = self.combined(key, equation, cells, keep=not is_error)
        return row, Estimate(key, indexed(equation.state, 0), kind)


def embedded(tableau: Tableau) -> tuple[Cell, ...]:
    """The second row under the rule."""
    assert tableau.embedded is not None
    return tableau.embedded


def total(cells: Iterable[Cell]) -> Coefficient:
    """The sum of a row's cells."""
    return sum((cell.value for cell in cells), Coefficient.of(0))


def lower_runge_kutta(scheme: Scheme, body: RungeKutta, size: StepSize) -> Graph:
    """The graph of one tableau, or of one for each slot of an additive or partitioned method."""
    return _RungeKutta(scheme, body, size).graph()


def lower_multistep(scheme: Scheme, body: Multistep, size: StepSize) -> Graph:
    """u[n+1] = - sum_j alpha_j u[n+1-k+j] + h sum_j beta_j f[n+1-k+j], divided by alpha_k.

    One evaluation a block, f[n] = f(u[n]) or, of an implicit method, f[n+1] = f(u[n+1]); the
    other f are states, kept from earlier blocks.
    """
    name, slot = scheme.ode[0].state, body.slot
    implicit = bool(body.beta[-1].value)
    offset = 1 if implicit else 0
    states, history = _multistep_states(body, name, offset)
    evaluation_key, new = indexed(slot, offset), indexed(name, 1)
    rows = [Row(new, tuple(_multistep_terms(body, name, size.at(new))))]
    if not implicit:
        rows.insert(0, Row("Y1", (Term(indexed(name, 0), ONE),)))
    evaluation = Evaluation(
        key=evaluation_key,
        slot=slot,
        argument=new if implicit else "Y1",
        group=slot,
        c=Coefficient.of(offset) * (size.at(new) / STEP),
        span=body.place.span,
    )
    return Graph(
        name=scheme.name,
        states=(*states, *history),
        evaluations=(evaluation,),
        rows=tuple(rows),
        outputs=(*_shifted(new, states), *_shifted(evaluation_key, history)),
        estimates=(),
        symbols=size.symbols,
        ode=scheme.ode,
        linear=frozenset(),
        sweeps=scheme.sweeps,
    )


def _multistep_states(body: Multistep, name: str, offset: int) -> tuple[list[State], list[State]]:
    """The earlier values and the earlier evaluations, newest first; `offset` is 1 where this
    block's evaluation is f[n+1].
    """
    newest = len(body.alpha) - 1
    values = [i for i in range(newest) if body.alpha[i].value] + [newest - 1]
    kept = [i for i in range(newest - 1 + offset) if body.beta[i].value]
    states = [State(name, i - newest + 1, "value", newest - 1 - i) for i in _down(values, newest)]
    history = [
        State(body.slot, i - newest + 1, "evaluation", newest - 1 - i + offset)
        for i in _down(kept, newest - 1 + offset)
    ]
    return states, history


def _down(used: list[int], end: int) -> list[int]:
    """From end - 1 down to the least used index: a lag is kept through all the blocks between."""
    return list(range(end - 1, min(used, default=end) - 1, -1))


def _shifted(newest: str, states: Sequence[State]) -> list[str]:
    """What a chain of states becomes: the first the new value, each other the one before it."""
    return [newest, *(s.key for s in states[:-1])] if states else []


def _multistep_terms(body: Multistep, name: str, h: Coefficient) -> list[Term]:
    newest = len(body.alpha) - 1
    leading = body.alpha[newest].value
    terms = [
        Term(indexed(name, i - newest + 1), -cell.value / leading, cell.place.span)
        for i, cell in reversed(list(enumerate(body.alpha[:newest])))
        if cell.value
    ]
    return terms + [
        Term(indexed(body.slot, i - newest + 1), h * cell.value / leading, cell.place.span)
        for i, cell in reversed(list(enumerate(body.beta)))
        if cell.value
    ]
