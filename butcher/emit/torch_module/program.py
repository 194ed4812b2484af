"""What a method of the emitted class computes, step by step, and how that is written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from butcher.coefficient import Coefficient
from butcher.emit.torch_module.rows import Scope, factor, write_join, write_sum
from butcher.emit.torch_module.writer import Writer
from butcher.ir.graph import STEP, Evaluation, Graph
from butcher.passes.schedule import Add, Drop, Evaluate, Join, Step, Together, evaluated


def read_by(step: Step, graph: Graph) -> set[str]:
    """The states and evaluations that a step reads."""
    match step:
        case Add():
            return {term.source for term in step.terms}
        case Join():
            return {part.terms[0].source for part in step.sums if part.is_value}
        case Evaluate() | Together():
            rows = (graph.row[evaluation.argument] for evaluation in evaluated(step))
            return {row.only_source for row in rows if row.only_source}
        case Drop():
            return set()


def symbols(steps: Iterable[Step], timed: Collection[str]) -> set[str]:
    """The names that occur in coefficients."""
    found: set[str] = set()
    for step in steps:
        match step:
            case Add():
                found |= {name for term in step.terms for name in term.coefficient.names}
            case Join():
                found |= {name for part in step.sums if part.factor for name in part.factor.names}
            case _:
                clocked = (e for e in evaluated(step) if e.slot in timed)
                found |= {name for e in clocked for name in offset(e).names}
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
    again    whether training evaluates again instead of storing what evaluations need.
    sweeps   whether a comment says where a sweep begins.
    """

    graph: Graph
    scope: Scope
    nets: Mapping[str, int]
    like: str
    skipped: Mapping[str, str]
    again: bool = False
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
            for evaluation in evaluated(step)[:1]:
                _, number = evaluation.swept or ("", 0)
                if self.sweeps and number and number != sweep:
                    writer.line(f"# sweep {number}")
                sweep = number
            self.write_step(writer, step)

    def write_step(self, writer: Writer, step: Step) -> None:
        match step:
            case Add() if not step.sum.terms:
                writer.line(f"{self.scope.local(step.sum.key)} = {self.zeros}")
            case Add():
                write_sum(writer, step.sum, step.terms, self.scope, begins=step.begins)
            case Join():
                write_join(writer, step.row.key, step.sums, self.scope)
            case Drop():
                writer.statement("del ", [self.scope.local(key) for key in step.keys])
            case Evaluate():
                self.write_call(writer, step.evaluation, self._argument(step.evaluation))
            case Together():
                self._write_together(writer, step.evaluations)

    @property
    def zeros(self) -> str:
        """A row without terms, such as a first sweep may have."""
        return f"torch.zeros_like({self.like})"

    def _argument(self, evaluation: Evaluation) -> str:
        """A state stands as it came, before its transition."""
        source = self.graph.row[evaluation.argument].only_source
        if source is None:
            narrow = f".to({self.like}.dtype)" if evaluation.argument in self.scope.wide else ""
            return self.scope.local(evaluation.argument) + narrow
        return self.came.get(source) or self.scope.local(source)

    def write_call(self, writer: Writer, evaluation: Evaluation, argument: str) -> None:
        """`k1 = self.f[0](u)`; with time `k2 = self.f[1](t + 0.5 * h, Y2)`.

        Where training evaluates again, `k1 = again(self.f[0], u)`.
        """
        local, skip = self.scope.local(evaluation.key), self.skipped.get(evaluation.key)
        time, exact = self._time(writer, evaluation)
        net = f"self.f[{self.nets[evaluation.group]}]"
        head, given = f"{local} = {net}(", [*time, argument]
        if self.again:
            head, given = f"{local} = again(", [net, *given]
        if not skip:
            writer.call(head, given, exact)
            return
        writer.line(f"if self.training and may_skip() and not {skip}:")
        with writer.indented():
            writer.line(f"{local} = {self.zeros}  # weight 0: not evaluated")
        writer.line("else:")
        with writer.indented():
            writer.call(head, given, exact)

    def _write_together(self, writer: Writer, level: Sequence[Evaluation]) -> None:
        """`k1, k2 = together((self.f[0], u), (self.f[1], u))`"""
        calls = [self._called(writer, evaluation) for evaluation in level]
        results = [self.scope.local(evaluation.key) for evaluation in level]
        head = f"{', '.join(results)} = together("
        flat = head + ", ".join(f"({', '.join(call)})" for call, _ in calls) + ")"
        if len(flat) <= writer.room and not any(comment for _, comment in calls):
            writer.line(flat)
            return
        if len(head) <= writer.room:
            writer.line(head)
        else:
            writer.bracketed("(", results, ") = together(")
        with writer.indented():
            for call, comment in calls:
                one = f"({', '.join(call)}),"
                if len(one) <= writer.room:
                    writer.commented(one, comment)
                else:
                    writer.bracketed("(", call, "),")
        writer.line(")")

    def _called(self, writer: Writer, evaluation: Evaluation) -> tuple[list[str], str | None]:
        """The sub-net and what it is given, and the exact c."""
        time, exact = self._time(writer, evaluation)
        net = f"self.f[{self.nets[evaluation.group]}]"
        return [net, *time, self._argument(evaluation)], exact

    def _time(self, writer: Writer, evaluation: Evaluation) -> tuple[list[str], str | None]:
        """What a slot is given beside its argument, and the exact c."""
        if evaluation.slot not in self.graph.timed:
            return [], None
        moved = offset(evaluation)
        if not moved:
            return ["t"], None
        c = factor(moved, self.scope, writer)
        text = f"t - {c.text[1:]}" if c.text.startswith("-") else f"t + {c.text}"
        return [text], c.exact and f"c = {c.exact}"
