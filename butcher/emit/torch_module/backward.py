"""The method `inverse`: the old states from the new ones, where elimination finds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from butcher.coefficient import Coefficient
from butcher.emit.torch_module.expressions import Expression, expression
from butcher.emit.torch_module.names import Names, fresh
from butcher.emit.torch_module.program import Body, symbols
from butcher.emit.torch_module.writer import Writer
from butcher.ir.graph import Graph, Row, Term
from butcher.ir.invert import Evaluate, Solve, invert, new
from butcher.passes import schedule as passes


@dataclass(frozen=True)
class Inverse:
    """The steps, and what the new states are called: as the rows that they are."""

    graph: Graph
    steps: Sequence[Evaluate | Solve]
    names: Names

    @classmethod
    def of(cls, graph: Graph, names: Names) -> Inverse | None:
        """None where the block has no inverse."""
        steps = invert(graph)
        if steps is None:
            return None
        called: dict[str, str] = {}
        for state, output in zip(graph.states, graph.outputs, strict=True):
            local = names.locals[output]
            is_taken = local in called.values()
            called[new(state.key)] = fresh(names, "same1") if is_taken else local
        return cls(graph, steps, replace(names, locals={**names.locals, **called}))

    @property
    def arguments(self) -> list[str]:
        return [self.names.locals[new(key)] for key in self.graph.state]

    @property
    def solved(self) -> frozenset[str]:
        """The states that are computed; the others are only moved back."""
        return frozenset(s.state for s in self.steps if isinstance(s, Solve) and s.row is not None)

    def divisors(self) -> list[Coefficient]:
        """What is divided by and depends on symbols."""
        found = [self._divisor(s) for s in self.steps if isinstance(s, Solve) and s.row is not None]
        return [d for d in dict.fromkeys(found) if not d.is_number]

    def needed(self) -> set[str]:
        """The symbols that occur."""
        found: set[str] = set()
        for step in self.steps:
            terms = step.argument if isinstance(step, Evaluate) else step.terms
            found |= {name for term in terms for name in term.coefficient.names}
            if isinstance(step, Evaluate):
                evaluation = self.graph.evaluation[step.evaluation]
                found |= symbols([passes.Evaluate(evaluation)], self.graph.timed)
        return found

    def write(self, writer: Writer, body: Body) -> None:
        body = replace(body, scope=replace(body.scope, names=self.names), skipped={})
        for step in self.steps:
            if isinstance(step, Evaluate):
                evaluation = self.graph.evaluation[step.evaluation]
                row = Row(evaluation.argument, step.argument)
                self._write_row(writer, row, body)
                body.write_call(writer, evaluation, self.names.locals[row.only_source or row.key])
            elif step.row is not None:
                self._write_solve(writer, step, body)

    def _write_row(self, writer: Writer, row: Row, body: Body) -> None:
        for step in passes.at_once(self.graph, row):
            body.write_step(writer, step)

    def _divisor(self, step: Solve) -> Coefficient:
        assert step.row is not None
        return self.graph.row[step.row].coefficients[step.state]

    def _write_solve(self, writer: Writer, step: Solve, body: Body) -> None:
        """`y = torch.sub(y_next, k2, alpha=h)`, and where k stands before it `y = y / k`."""
        d = expression(self._divisor(step), body.scope.spelled)
        row = Row(step.state, self._rest(step, d))
        self._write_row(writer, row, body)
        local = self.names.locals[step.state]
        dividend = self.names.locals[row.only_source or row.key]
        if not d.is_one:
            over = d.text if d.text.isidentifier() or d.text.isdigit() else f"({d.text})"
            writer.commented(f"{local} = {dividend} / {over}", d.exact)
        elif dividend != local:
            writer.line(f"{local} = {dividend}")

    def _rest(self, step: Solve, divisor: Expression) -> tuple[Term, ...]:
        """The equation without its unknown, with the sign of the divisor."""
        assert step.row is not None
        sign = -1 if divisor.negative else 1
        name = next(term.source for term in step.terms if term.source.endswith("'"))
        terms = [Term(name, Coefficient.of(sign))]
        terms += [
            Term(term.source, term.coefficient * -sign)
            for term in self.graph.row[step.row].terms
            if term.source != step.state
        ]
        return tuple(terms)
