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
    """evaluation = slot(sum of terms), at the time it has in the block: t is the old t."""

    evaluation: str
    argument: tuple[Term, ...]


Step = Solve | Evaluate


def invert(graph: Graph) -> tuple[Step, ...] | None:
    """How to compute every state from all new states, in this order; None if there is no way.

    Known at first are the new states, and what they are: rows and earlier states. Then, again and
    again, an output's equation with one unknown state is solved for it, or an evaluation whose
    argument is known is evaluated. A divisor may not be zero at the start values. Implicit methods
    are not inverted, nor is a row that a random symbol takes part in, nor a block that hands an
    evaluation on: each output finds one state, and an evaluation finds none.
    """
    if not graph.is_explicit or any(key in graph.evaluation for key in graph.outputs):
        return None
    search = _Search(graph)
    while search.solve_one() or search.evaluate_one():
        pass
    if any(key not in search.known for key in graph.state):
        return None
    return _needed(search.steps, graph)


@dataclass
class _Search:
    """What is known so far.

    known       the states and evaluations that terms may read.
    equations   the key of an output row -> the new state that it is.
    """

    graph: Graph
    known: set[str] = field(default_factory=set)
    equations: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        for state, output in zip(self.graph.states, self.graph.outputs, strict=True):
            if output in self.graph.row:
                self.equations.setdefault(output, new(state.key))
            elif output in self.graph.state and output not in self.known:
                self.steps.append(Solve(output, (Term(new(state.key), Coefficient.of(1)),), None))
                self.known.add(output)

    def solve_one(self) -> bool:
        """Solve the first output equation that has one unknown, if that is a state."""
        for key, name in self.equations.items():
            row = self.graph.row[key]
            unknown = [term for term in row.terms if term.source not in self.known]
            if len(unknown) != 1 or unknown[0].source not in self.graph.state or self.drawn(row):
                continue
            divisor = _inverse(unknown[0].coefficient)
            if divisor is None:
                continue
            terms = [Term(name, divisor)]
            terms += [
                Term(term.source, -term.coefficient * divisor, term.span)
                for term in row.terms
                if term is not unknown[0]
            ]
            state = unknown[0].source
            self.steps.append(Solve(state, tuple(terms), key))
            self.known.add(state)
            return True
        return False

    def evaluate_one(self) -> bool:
        """Evaluate the first evaluation whose argument is known."""
        for evaluation in self.graph.evaluations:
            if evaluation.key in self.known:
                continue
            row = self.graph.row[evaluation.argument]
            if row.key in self.equations:
                argument: tuple[Term, ...] = (Term(self.equations[row.key], Coefficient.of(1)),)
            elif all(term.source in self.known for term in row.terms) and not self.drawn(row):
                argument = row.terms
            else:
                continue
            self.steps.append(Evaluate(evaluation.key, argument))
            self.known.add(evaluation.key)
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
