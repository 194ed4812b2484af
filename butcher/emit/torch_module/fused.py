"""`forward` in the notation of `butcher.kernels`: between two evaluations one kernel.

    u = spread(u, 5)
    k1 = spread(self.f[0](gather(u)), 2)
    Y2 = gather(u + h * (0.5 * k1))  # 1/2

Whatever `butcher.passes.schedule` adds to sums between two evaluations is one `gather`. A trained
h multiplies there as a fixed one does: the gradient of h is the notation's affair, no sum of its
own. `start` and `inverse` are plain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from butcher.emit.torch_module.forward import Methods
from butcher.emit.torch_module.fused_rows import (
    Fused,
    Named,
    fused_row,
    trained_factor,
    write_gather,
)
from butcher.emit.torch_module.names import Names, unused
from butcher.emit.torch_module.program import Body, offset, read_by, symbols
from butcher.emit.torch_module.transition import Transitions
from butcher.emit.torch_module.writer import Writer
from butcher.ir.graph import Evaluation, Graph, State
from butcher.passes.schedule import Add, Drop, Evaluate, Step, schedule


@dataclass(frozen=True)
class Readers:
    """How often the values are read.

    behind   by rows and returns, and by evaluations that read an evaluation or a zero.
    as_came  states, by evaluations that read them before their transition.
    summed   the values that rows read: these are spread, the others stay tensors.
    """

    behind: Counter[str]
    as_came: Counter[str]
    summed: frozenset[str]

    @classmethod
    def of(cls, graph: Graph, steps: Sequence[Step]) -> Readers:
        behind, as_came, summed = Counter[str](), Counter[str](), set[str]()
        for step in steps:
            read = read_by(step, graph)
            if isinstance(step, Add):
                summed |= read
                behind.update(read or [graph.states[0].key])
            elif isinstance(step, Evaluate):
                (as_came if graph.reads(step.evaluation) else behind).update(read)
        sources = {row.key: row.only_source for row in graph.rows}
        behind.update(sources.get(key) or key for key in graph.outputs)
        return cls(behind, as_came, frozenset(summed))

    def count(self, key: str) -> int:
        return self.behind[key] + self.as_came[key]


@dataclass(frozen=True)
class FusedMethods(Methods):
    """As the plain ones, but for `forward`."""

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        return schedule(self.graph, tensors=())

    @cached_property
    def uses(self) -> Readers:
        return Readers.of(self.graph, self.steps)

    @cached_property
    def dtype(self) -> str:
        """The local that holds the dtype of what came, if what is returned may have another."""
        wanted = any(self._is_cast(output) for output in self.graph.outputs)
        return unused(self.names, "dtype") if wanted else ""

    def _write_step(self, writer: Writer) -> Names:
        transitions = Transitions.of(self.graph, self.steps, self.names, shaped=(), skipped=())
        if self.dtype:
            writer.line(f"{self.dtype} = {self.like}.dtype")
        self.parameters.write_locals(writer, symbols(self.steps, self.graph.timed), self.like)
        self._write_recovered(writer)
        for state in self.graph.states:
            if state.key in self.uses.summed:
                local, count = self.local(state), self.uses.count(state.key)
                writer.line(f"{local} = spread({local}, {count})")
        plain = self.body(self.like)
        body = FusedBody(
            graph=self.graph,
            scope=replace(self.scope, names=transitions.names),
            nets=plain.nets,
            again=plain.again,
            like=transitions.names.locals[self.graph.states[0].key],
            skipped={},
            came=transitions.came,
            uses=self.uses,
        )
        before = {
            i: [self._passed(transitions, key) for key in keys]
            for i, keys in transitions.before.items()
        }
        body.write(writer, self.steps, before)
        writer.lines(before.get(len(self.steps), ()))
        body.write_last(writer)
        return transitions.names

    def _passed(self, transitions: Transitions, key: str) -> str:
        """`u = behind(self.transition, u, 4)`"""
        if key not in self.uses.summed:
            return transitions.line(key)
        net, came = transitions.net(key), transitions.came[key]
        return f"{transitions.names.locals[key]} = behind({net}, {came}, {self.uses.behind[key]})"

    # ------------------------------------------------------------------ trained steps

    def _write_recovered(self, writer: Writer) -> None:
        """`h = recovered(h)`"""
        names = self._recovered()
        stages = [s for s in self.parameters.stages if s.name in names]
        if stages:
            name = self.parameters.name(stages[0])
            writer.line(f"{name} = [recovered(step) for step in {name}]")
        for symbol in self.parameters.single:
            if symbol.name in names:
                name = self.parameters.name(symbol)
                writer.line(f"{name} = recovered({name})")

    def _recovered(self) -> set[str]:
        """The trained numbers that are never near 0, and that every row has from its begin; no
        time has them.
        """
        found = set(self.parameters.nonzero)
        had: dict[str, set[str]] = {}
        for step in self.steps:
            if isinstance(step, Add):
                now = {trained_factor(t.coefficient, self.scope)[0] or "" for t in step.terms}
                before = now if step.begins else had[step.sum.key]
                found -= now - before
                had[step.sum.key] = before
        times = (offset(e) for e in self.graph.evaluations if e.slot in self.graph.timed)
        found -= {name for time in times for name in time.names}
        stages = {symbol.name for symbol in self.parameters.stages}
        return found if stages <= found else found - stages

    # ------------------------------------------------------------------ what is returned

    def _is_cast(self, output: str) -> bool:
        """Whether it may have another dtype than the state: not a sum that begins with one."""
        row = self.graph.row.get(output)
        source = row.only_source if row is not None and row.only_source else output
        if source in self.graph.state:
            return False
        first = next((s for s in self.steps if isinstance(s, Add) and s.sum.row == source), None)
        return first is None or not first.terms or not self.graph.is_value(first.terms[0].source)

    def _returned(self, names: Names, state: State, output: str) -> str:
        row = self.graph.row.get(output)
        source = row.only_source if row is not None and row.only_source else output
        text = names.locals[source]
        if source in self.uses.summed:
            text = f"gather({text})"
        return f"{text}.to({self.dtype})" if self._is_cast(output) else text


@dataclass(frozen=True)
class FusedBody(Body):
    """Writes what is added to sums when the next evaluation wants its argument.

    waiting  what has to be added by then.
    begun    the rows that are sums as yet; `whole` those that are tensors.
    named    the locals of what stands in parentheses.
    """

    uses: Readers = field(kw_only=True)
    waiting: list[Add] = field(default_factory=list)
    begun: set[str] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)
    named: Named = field(default_factory=dict)

    def write_step(self, writer: Writer, step: Step) -> None:
        match step:
            case Add() if not step.sum.terms:
                like = self._value(self.graph.states[0].key, self.like)
                writer.line(f"{self.scope.local(step.sum.key)} = torch.zeros_like({like})")
                self.whole.add(step.sum.key)
            case Add():
                self.waiting.append(step)
            case Drop():
                # Values go with their last readers.
                gone = [key for key in step.keys if key in self.whole]
                if gone:
                    writer.statement("del ", [self.scope.local(key) for key in gone])
                self.whole.difference_update(gone)
                self.begun.difference_update(step.keys)
            case _:
                super().write_step(writer, step)

    def write_call(self, writer: Writer, evaluation: Evaluation, argument: str) -> None:
        """`k1 = spread(self.f[0](Y1), 2)`"""
        row = self.graph.row[evaluation.argument]
        local, is_beside = self.scope.local(row.key), False
        if row.only_source is None:
            self._write_gather(writer, row.key)
            argument = local
        elif self.waiting:
            self._write_gather(writer, row.key, Fused(argument))
            argument, is_beside = local, True
        else:
            argument = self._value(row.only_source, argument)
        if evaluation.key in self.uses.summed:
            self._write_spread(writer, evaluation, argument)
        else:
            super().write_call(writer, evaluation, argument)
        if is_beside:
            writer.line(f"del {local}")

    def write_last(self, writer: Writer) -> None:
        """What is returned, as tensors."""
        if self.waiting:
            self._write_gather(writer, self.waiting[0].sum.row)
        for key in dict.fromkeys(self.graph.outputs):
            if key in self.begun:
                self._write_gather(writer, key)

    def _write_spread(self, writer: Writer, evaluation: Evaluation, argument: str) -> None:
        time, exact = self._time(writer, evaluation)
        net = f"self.f[{self.nets[evaluation.group]}]"
        given = ", ".join([*time, argument])
        call = f"again({net}, {given})" if self.again else f"{net}({given})"
        readers = str(self.uses.count(evaluation.key))
        writer.call(f"{self.scope.local(evaluation.key)} = spread(", [call, readers], exact)

    def _write_gather(self, writer: Writer, key: str, row: Fused | None = None) -> None:
        """The row of this key becomes a tensor; all that waits is added with it.

        row  what it is, where it is exactly one value.
        """
        waiting = {step.sum.row: step for step in self.waiting}
        self.waiting.clear()
        own = waiting.pop(key, None)
        if key in self.whole and not waiting:
            return
        if row is None:
            row = self._row(writer, own) if own else Fused(self.scope.local(key))
        rows = [row, *(self._row(writer, step) for step in waiting.values())]
        write_gather(writer, [self.scope.local(k) for k in (key, *waiting)], rows)
        self.begun.update(waiting)
        self.begun.discard(key)
        self.whole.add(key)

    def _row(self, writer: Writer, step: Add) -> Fused:
        begun = not step.begins
        return fused_row(writer, step.sum.row, begun, step.terms, self.scope, self.named)

    def _value(self, key: str, local: str) -> str:
        """As a tensor."""
        return f"gather({local})" if key in self.uses.summed else local
