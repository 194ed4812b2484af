"""What a method of the emitted class computes, step by step, and how that is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from butcher.coefficient import Coefficient
from butcher.emit.torch_module.expressions import expression
from butcher.emit.torch_module.rows import Scope, assign, inline, parts, step_factor
from butcher.emit.torch_module.writer import Writer
from butcher.ir.graph import STEP, Evaluation, Graph, Row
from butcher.passes.schedule import schedule


@dataclass(frozen=True)
class Compute:
    """A row that gets a name."""

    row: Row


@dataclass(frozen=True)
class Call:
    """An evaluation. `argument` is None if its row has a name by then."""

    evaluation: Evaluation
    argument: Row | None


Step = Compute | Call


def program(graph: Graph) -> list[Step]:
    """The whole block: rows that are read once stand where they are read."""
    readers = Counter(e.argument for e in graph.evaluations)
    steps: list[Step] = []
    for key in schedule(graph).order:
        if key in graph.evaluation:
            evaluation = graph.evaluation[key]
            row = graph.row[evaluation.argument]
            inside = is_inside(row, readers[row.key], graph)
            steps.append(Call(evaluation, row if inside else None))
        elif not is_inside(graph.row[key], readers[key], graph):
            steps.append(Compute(graph.row[key]))
    return steps


def is_inside(row: Row, readers: int, graph: Graph) -> bool:
    """Whether the row needs no name: it is a source, or the argument of one evaluation."""
    return row.only_source is not None or (readers == 1 and row.key not in graph.outputs)


def sources(steps: Iterable[Step]) -> set[str]:
    """The keys that are read."""
    rows = (s.row if isinstance(s, Compute) else s.argument for s in steps)
    named = {s.evaluation.argument for s in steps if isinstance(s, Call) and s.argument is None}
    return named | {term.source for row in rows if row for term in row.terms}


def symbols(steps: Iterable[Step], timed: Collection[str]) -> set[str]:
    """The names that occur in coefficients."""
    found: set[str] = set()
    for step in steps:
        row = step.row if isinstance(step, Compute) else step.argument
        for term in row.terms if row else ():
            found |= term.coefficient.names
        if isinstance(step, Call) and step.evaluation.slot in timed:
            found |= offset(step.evaluation).names
    return found


def offset(evaluation: Evaluation) -> Coefficient:
    """What is added to t."""
    return Coefficient.of(0) if evaluation.c is None else evaluation.c * STEP


@dataclass(frozen=True)
class Body:
    """Writes steps.

    nets     the group of weights -> its index in `self.f`.
    like     the local that shape and dtype are taken from.
    came     state -> the local of what came, for evaluations that read it before its transition.
    timed    the slots that are given the time.
    skipped  evaluation -> the local of the drawn number without which it is not needed.
    sweeps   whether a comment says where a sweep begins.
    """

    scope: Scope
    nets: Mapping[str, int]
    like: str
    timed: Collection[str]
    skipped: Mapping[str, str]
    came: Mapping[str, str] = field(default_factory=dict)
    sweeps: bool = True

    def write(
        self,
        writer: Writer,
        steps: Sequence[Step],
        before: Mapping[int, Sequence[str]] | None = None,
    ) -> None:
        """`before` holds lines that stand before the step of an index."""
        sweep = 0
        for i, step in enumerate(steps):
            writer.lines((before or {}).get(i, ()))
            if isinstance(step, Compute):
                self.write_row(writer, step.row)
                continue
            _, number = step.evaluation.swept or ("", 0)
            if self.sweeps and number and number != sweep:
                writer.line(f"# sweep {number}")
            sweep = number
            self.write_call(writer, step.evaluation, step.argument)

    def write_row(self, writer: Writer, row: Row) -> None:
        if row.terms:
            assign(writer, self.local(row.key), parts(row, self.scope, writer))
        else:
            writer.line(f"{self.local(row.key)} = {self.zeros}")

    def local(self, key: str) -> str:
        return self.scope.names.locals[key]

    @property
    def zeros(self) -> str:
        """A row without terms, such as a first sweep may have."""
        return f"torch.zeros_like({self.like})"

    def write_call(self, writer: Writer, evaluation: Evaluation, argument: Row | None) -> None:
        local, skip = self.local(evaluation.key), self.skipped.get(evaluation.key)
        text, comment = self.local(evaluation.argument), ""
        if argument is not None and not argument.terms:
            text = self.zeros
        elif argument is not None:
            row = parts(argument, self._scope_of(argument), writer)
            text, comment = inline(row)
            line = "".join((local, " = ", *self._call(evaluation, text, comment)))
            if argument.only_source is None and (skip or len(line) > writer.room):
                assign(writer, self.local(argument.key), row)
                text, comment = self.local(argument.key), ""
        call, comment = self._call(evaluation, text, comment)
        if not skip:
            self._write_line(writer, f"{local} = {call}", comment)
            return
        writer.line(f"if self.training and may_skip() and not {skip}:")
        with writer.indented():
            writer.line(f"{local} = {self.zeros}  # weight 0: not evaluated")
        writer.line("else:")
        with writer.indented():
            self._write_line(writer, f"{local} = {call}", comment)

    def _scope_of(self, argument: Row) -> Scope:
        """With the state as it came, if the argument is exactly that."""
        source = argument.only_source
        if source is None or source not in self.came:
            return self.scope
        names = self.scope.names
        came = replace(names, locals={**names.locals, source: self.came[source]})
        return replace(self.scope, names=came)

    def _write_line(self, writer: Writer, line: str, comment: str) -> None:
        writer.line(line + comment if len(line + comment) <= writer.room else line)

    def _call(self, evaluation: Evaluation, argument: str, comment: str) -> tuple[str, str]:
        """`self.f[0](u)` and its comment; with time `self.f[0](t + 0.5 * h, u)`."""
        head = f"self.f[{self.nets[evaluation.group]}]("
        if evaluation.slot not in self.timed:
            return f"{head}{argument})", comment
        moved = offset(evaluation)
        if not moved:
            return f"{head}t, {argument})", comment
        step, rest = step_factor(moved, self.scope)
        c = expression(rest, self.scope.spelled)
        factors = [f for f in (c.factor, step) if f and (f != "1" or not step)]
        sign = "-" if c.negative else "+"
        exact = f"  # {c.exact}" if c.exact else ""
        if comment and exact and comment != exact:
            exact = f"{comment}; c = {c.exact}"
        return f"{head}t {sign} {' * '.join(factors)}, {argument})", exact or comment
