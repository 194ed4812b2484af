"""The method `inverse`: the old states from the new ones, where elimination finds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from butcher.coefficient import Coefficient
from butcher.emit.torch_module.expressions import Expression, expression
from butcher.emit.torch_module.names import Names, fresh
from butcher.emit.torch_module.program import Body, Call, symbols
from butcher.emit.torch_module.rows import Scope, assign, inline, parts
from butcher.emit.torch_module.writer import Writer
from butcher.ir.graph import Graph, Row, Term
from butcher.ir.invert import Evaluate, Solve, invert, new


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
            if isinstance(step, Evaluate):
                call = Call(self.graph.evaluation[step.evaluation], Row("", step.argument))
                found |= symbols([call], self.graph.timed)
            else:
                found |= {name for term in step.terms for name in term.coefficient.names}
        return found

    def write(self, writer: Writer, body: Body) -> None:
        body = replace(body, scope=replace(body.scope, names=self.names), skipped={})
        for step in self.steps:
            if isinstance(step, Evaluate):
                evaluation = self.graph.evaluation[step.evaluation]
                body.write_call(writer, evaluation, Row(evaluation.argument, step.argument))
            elif step.row is not None:
                self._write_solve(writer, step, body.scope)

    def _divisor(self, step: Solve) -> Coefficient:
        assert step.row is not None
        return self.graph.row[step.row].coefficients[step.state]

    def _write_solve(self, writer: Writer, step: Solve, scope: Scope) -> None:
        """`y = y_next - h * k2`, and `u_prev = (u_next - (1 - k) * u - h * k1) / k`."""
        assert step.row is not None
        divisor = self._divisor(step)
        d = expression(divisor, scope.spelled)
        row = parts(Row(step.state, self._rest(step, d)), scope, writer)
        local = self.names.locals[step.state]
        if d.is_one:
            assign(writer, local, row)
            return
        text, comment = inline(row)
        over = d.text if d.text.isidentifier() or d.text.isdigit() else f"({d.text})"
        line = f"{local} = ({text}) / {over}"
        if len(line + comment) <= writer.room and not d.exact:
            writer.line(line + comment)
            return
        assign(writer, local, row)
        line = f"{local} = {local} / {over}"
        comment = f"  # {d.exact}" if d.exact else ""
        writer.line(line + comment if len(line + comment) <= writer.room else line)

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
