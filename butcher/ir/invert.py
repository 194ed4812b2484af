"""The inverse of a block: the old states from the new ones, where elimination finds it.

RevNet: y[n] = y' - h g(x'), then x[n] = x' - h f(y[n]). A block that forgets (an Euler step) has
none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from butcher.coefficient import Coefficient
from butcher.ir.graph import Graph, Row, Term


def new(key: str) -> str:
    """What terms of an inverse call the new value of a state: `u[n]'`, as in y' = B k + V y."""
    return f"{key}'"


@dataclass(frozen=True)
class Solve:
    """state = sum of terms; their sources are new states, solved states, evaluations.

    row   the output row whose equation was solved; None where a state was only moved on, as
          `u[n-1]' = u[n]`.
    """

    state: str
    terms: tuple[Term, ...]
    row: str | None


@dataclass(frozen=True)
class Evaluate:
    """evaluation = slot(sum of terms), at the same time as in the block."""

    evaluation: str
    argument: tuple[Term, ...]


Step = Solve | Evaluate


def invert(graph: Graph) -> tuple[Step, ...] | None:
    """How to compute every state from all new states, in this order; None if there is no way.

    Known at first are the new states, and what they are: rows, earlier states, evaluations. Then,
    again and again, an output's equation with one unknown state is solved for it, or an evaluation
    whose argument is known is evaluated. A divisor may not be zero at the start values. Implicit
    methods are not inverted, nor is a row that a random symbol takes part in.
    """
    if not graph.is_explicit:
        return None
    search = _Search(graph)
    while search.solve_one() or search.evaluate_one():
        pass
    if any(key not in search.names for key in graph.state):
        return None
    return _needed(search.steps, graph)


@dataclass
class _Search:
    """names: for each known state and evaluation what terms call it."""

    graph: Graph
    names: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    equations: dict[str, str] = field(default_factory=dict)
    """The key of an output row -> what terms call its value."""

    def __post_init__(self) -> None:
        for state, output in zip(self.graph.states, self.graph.outputs, strict=True):
            if output in self.graph.row:
                self.equations.setdefault(output, new(state.key))
            elif output in self.graph.evaluation:
                self.names.setdefault(output, new(state.key))
            elif output not in self.names:
                self.steps.append(Solve(output, (Term(new(state.key), Coefficient.of(1)),), None))
                self.names[output] = output

    def solve_one(self) -> bool:
        """Solve the first output equation that has one unknown, if that is a state."""
        for key, name in self.equations.items():
            row = self.graph.row[key]
            unknown = [term for term in row.terms if term.source not in self.names]
            if len(unknown) != 1 or unknown[0].source not in self.graph.state or self.drawn(row):
                continue
            divisor = _inverse(unknown[0].coefficient)
            if divisor is None:
                continue
            terms = [Term(name, divisor)]
            terms += [
                Term(self.names[term.source], -term.coefficient * divisor, term.span)
                for term in row.terms
                if term is not unknown[0]
            ]
            state = unknown[0].source
            self.steps.append(Solve(state, _collected(terms), key))
            self.names[state] = state
            return True
        return False

    def evaluate_one(self) -> bool:
        """Evaluate the first evaluation whose argument is known."""
        for evaluation in self.graph.evaluations:
            if evaluation.key in self.names:
                continue
            row = self.graph.row[evaluation.argument]
            if row.key in self.equations:
                argument = _collected([Term(self.equations[row.key], Coefficient.of(1))])
            elif all(term.source in self.names for term in row.terms) and not self.drawn(row):
                argument = _collected(
                    [Term(self.names[t.source], t.coefficient, t.span) for t in row.terms]
                )
            else:
                continue
            self.steps.append(Evaluate(evaluation.key, argument))
            self.names[evaluation.key] = evaluation.key
            return True
        return False

    def drawn(self, row: Row) -> bool:
        """Whether a random symbol takes part: another draw would give another row."""
        return any(
            self.graph.symbol[name].kind == "random"
            for term in row.terms
            for name in term.coefficient.names
        )


def _inverse(coefficient: Coefficient) -> Coefficient | None:
    """1 / coefficient, unless it is zero at the start values, or may be."""
    try:
        return coefficient.inverse() if coefficient.start() else None
    except ZeroDivisionError:
        return None


def _collected(terms: list[Term]) -> tuple[Term, ...]:
    """Each source once, no zeros: one new state may be called for twice."""
    total: dict[str, Term] = {}
    for term in terms:
        before = total[term.source].coefficient if term.source in total else Coefficient.of(0)
        total[term.source] = Term(term.source, before + term.coefficient, term.span)
    return tuple(term for term in total.values() if term.coefficient)


def _needed(steps: list[Step], graph: Graph) -> tuple[Step, ...]:
    """The steps that the states depend on; every solved state is one."""
    live: set[str] = set(graph.state)
    kept: list[Step] = []
    for step in reversed(steps):
        key, terms = _parts(step)
        if key in live:
            kept.append(step)
            live |= {term.source for term in terms}
    return tuple(reversed(kept))


def _parts(step: Step) -> tuple[str, tuple[Term, ...]]:
    if isinstance(step, Solve):
        return step.state, step.terms
    return step.evaluation, step.argument
