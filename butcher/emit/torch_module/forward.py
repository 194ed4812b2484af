"""The methods of the emitted class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from butcher.analysis.network.concurrency import abreast
from butcher.emit.torch_module.backward import Inverse
from butcher.emit.torch_module.begin import beginning
from butcher.emit.torch_module.docstring import Docstring
from butcher.emit.torch_module.header import Header
from butcher.emit.torch_module.names import Names, fresh
from butcher.emit.torch_module.parameters import Parameters
from butcher.emit.torch_module.program import Body, read_by, symbols
from butcher.emit.torch_module.rows import Scope
from butcher.emit.torch_module.transition import Transitions, write_no_inverse
from butcher.emit.torch_module.transition import write_init as write_transition
from butcher.emit.torch_module.writer import Writer
from butcher.ir.graph import Evaluation, Graph, State
from butcher.passes.schedule import Step, Together, schedule


@dataclass(frozen=True)
class Methods:
    """One graph, with names for everything; each method of the class is written by one of these."""

    graph: Graph
    header: Header
    parameters: Parameters
    together: bool
    """Whether evaluations that need nothing of each other are called side by side."""
    checkpoint: Literal["stage", "block"] | None = None
    """What training evaluates again instead of storing it: each evaluation, or the whole step."""

    # ------------------------------------------------------------------ views

    @property
    def names(self) -> Names:
        return self.parameters.names

    @property
    def several_slots(self) -> bool:
        return len(self.graph.slots) > 1

    @property
    def is_single(self) -> bool:
        """One state: a tensor in, a tensor out."""
        return len(self.graph.states) == 1

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """With as few maps carried across each evaluation as the method admits."""
        return schedule(self.graph, tensors=self.parameters.tensors, levels=self.levels)

    @property
    def levels(self) -> tuple[tuple[Evaluation, ...], ...] | None:
        """What is evaluated at once; None where it is one after the other. Those that a draw may
        leave away stay alone.
        """
        return abreast(self.graph, self.alone) if self.together else None

    @property
    def alone(self) -> frozenset[str]:
        """The evaluations that stay by themselves."""
        return frozenset(self.skipped)

    @property
    def is_together(self) -> bool:
        """Whether there is anything to call side by side."""
        return any(isinstance(step, Together) for step in self.steps)

    @property
    def like(self) -> str:
        """The local that tells dtype and shape: the first state."""
        return self.local(self.graph.states[0])

    def local(self, state: State) -> str:
        return self.names.locals[state.key]

    @cached_property
    def scope(self) -> Scope:
        return Scope(
            names=self.names,
            tensors=self.parameters.tensors,
            drawn=self.parameters.drawn,
            nonzero=self.parameters.nonzero,
            wide=self.wide,
            readers=self.readers,
            spelled=self.parameters.spelled,
        )

    @cached_property
    def readers(self) -> dict[str, str]:
        """row -> the sub-net that reads it first."""
        evaluations = reversed(self.graph.evaluations)
        return {e.argument: f"self.f[{self.nets[e.group]}]" for e in evaluations}

    @cached_property
    def nets(self) -> dict[str, int]:
        """The group of weights -> its index in `self.f`."""
        return {group: i for i, group in enumerate(self.graph.groups)}

    @cached_property
    def wide(self) -> frozenset[str]:
        """The new values, and estimates, that are rounded more than once while they are summed up.

        Their roundings stay in the state from block to block, those of a stage's argument pass
        through a sub-net: there it brings little (docs/benchmarks/notes.md).
        """
        keys = {*self.graph.outputs, *(estimate.row for estimate in self.graph.estimates)}
        rows = (self.graph.row[key] for key in keys if key in self.graph.row)
        return frozenset(row.key for row in rows if len(row.terms) > 2)

    def body(self, like: str) -> Body:
        again = self.checkpoint == "stage"
        return Body(self.graph, self.scope, self.nets, like, self.skipped, again)

    @cached_property
    def skipped(self) -> dict[str, str]:
        """evaluation -> the local of a number drawn per batch that is a factor of all its uses.

        None where no state tells the shape of the zeros that would stand for it.
        """
        if self.graph.states[0].key not in self.graph.transformed:
            return {}
        drawn = [
            s
            for s in self.parameters.symbols
            if s.kind == "random"
            and s.scope == "batch"
            and not s.redrawn_backward
            and s.distribution is not None
            and s.distribution.name == "bernoulli"
        ]
        found: dict[str, str] = {}
        for evaluation in self.graph.evaluations:
            if evaluation.key in self.graph.outputs:
                continue
            uses = [
                term.coefficient
                for row in self.graph.rows
                for term in row.terms
                if term.source == evaluation.key
            ]
            for symbol in drawn:
                if all(use.power_of(symbol.name) > 0 for use in uses):
                    found.setdefault(evaluation.key, self.parameters.name(symbol))
        return found

    @property
    def nfe(self) -> int:
        """How often sub-nets are evaluated."""
        return len(self.graph.evaluations)

    def helpers(self) -> list[str]:
        """Functions that the class needs, besides those that every file may have."""
        return []

    # ------------------------------------------------------------------ the class

    def write_docstring(self, writer: Writer) -> None:
        Docstring(self.graph, self.header, self.parameters).write(writer)

    def write_attributes(self, writer: Writer) -> None:
        writer.line()
        order = self.header.order
        writer.line(f"order = {order}" if order is not None else "order: int | None = None")
        writer.line(f"stages = {self.header.stages}")
        writer.line(f"nfe = {self.nfe}")
        keys = [f'"{state.key}"' for state in self.graph.states]
        if len(keys) == 1:
            writer.line(f"states = ({keys[0]},)")
        else:
            writer.bracketed("states = (", keys, ")")

    def write_init(self, writer: Writer) -> None:
        keywords = self.parameters.keywords()
        if self.graph.transformed:
            keywords.append("transition: SubNet | None = None")
        self.write_signature(writer, keywords)
        with writer.indented():
            writer.line("super().__init__()")
            self.write_nets(writer)
            write_transition(self.graph, writer)
            self.parameters.write_init(writer)

    def write_signature(self, writer: Writer, keywords: Sequence[str]) -> None:
        kind = "SubNets" if self.several_slots else "SubNet"
        writer.line()
        writer.bracketed("def __init__(", ["self", f"f: {kind}", "*", *keywords], ") -> None:")

    def write_nets(self, writer: Writer) -> None:
        groups = self.graph.groups
        if not self.several_slots:
            writer.line(f"self.f = nn.ModuleList(sub_nets(f, {len(groups)}))")
            return
        slot = {e.group: e.slot for e in self.graph.evaluations}
        slots = [f'"{slot[group]}"' for group in groups]
        flat = f"self.f = nn.ModuleList(slot_nets(f, ({', '.join(slots)})))"
        if len(flat) <= writer.room:
            writer.line(flat)
        else:
            writer.bracketed("slots = (", slots, ")")
            writer.line("self.f = nn.ModuleList(slot_nets(f, slots))")

    def shown(self) -> list[str]:
        """What `extra_repr` says."""
        shown = [f"{name}={{self.{name}}}" for name in self.parameters.fixed]
        return shown + [f"{self.parameters.name(s)} learned" for s in self.parameters.learned]

    def write_extra_repr(self, writer: Writer) -> None:
        shown = self.shown()
        if not shown:
            return
        writer.line()
        writer.line("def extra_repr(self) -> str:")
        with writer.indented():
            braces = "f" if any("{" in text for text in shown) else ""
            lines = _wrapped(shown, writer.room - 12)
            if len(lines) == 1:
                writer.line(f'return {braces}"{lines[0]}"')
                return
            writer.line("return (")
            with writer.indented():
                for i, line in enumerate(lines):
                    comma = ", " if i < len(lines) - 1 else ""
                    f = "f" if "{" in line else ""
                    writer.line(f'{f}"{line}{comma}"')
            writer.line(")")

    # ------------------------------------------------------------------ forward

    def write_forward(self, writer: Writer) -> None:
        tensors = self._tensors(len(self.graph.states))
        argument = f"{self.like}: Tensor" if self.is_single else f"state: {tensors}"
        items = ["self", argument, *self._time()]
        writer.line()
        writer.bracketed("def forward(", items, f") -> {tensors}:")
        with writer.indented():
            shape = self._shape()
            if self.is_single:
                writer.docstring(f"One step, from a tensor {shape} to another.")
            else:
                writer.docstring(f"One step, from tensors {shape}, the same for all, to others.")
            if self.checkpoint == "block":
                time = ["t"] if self.graph.takes_time else []
                given = self.like if self.is_single else "*state"
                writer.line(f"return again({', '.join(['self.step', given, *time])})")
            else:
                if not self.is_single:
                    self._write_unpacked(writer, self._unpacked(), "state")
                self._write_values(writer)
        if self.checkpoint == "block":
            self._write_own_step(writer, tensors)

    def _shape(self) -> str:
        """Of the states. A trained or a drawn number has shape (1,), which no state may be without:
        sums are written into tensors of theirs.
        """
        if self.parameters.channels:
            return "of shape (N, C, ...)"
        if self.parameters.wants_samples:
            return "of shape (N, ...)"
        return "of any shape but ()" if self.parameters.tensors else "of any shape"

    def _write_own_step(self, writer: Writer, tensors: str) -> None:
        """What `forward` does, as a method that can be called twice."""
        time = ["t: Tensor | float"] if self.graph.takes_time else []
        states = [f"{local}: Tensor" for local in self._unpacked()]
        writer.line()
        writer.bracketed("def step(", ["self", *states, *time], f") -> {tensors}:")
        with writer.indented():
            writer.docstring("One step; training stores its arguments alone, and makes it twice.")
            self._write_values(writer)

    def _write_values(self, writer: Writer) -> None:
        """The step, and `return` with the new states."""
        names = self._write_step(writer)
        self.write_return(writer, [self._returned(names, *pair) for pair in self._pairs()])

    def _pairs(self) -> Iterable[tuple[State, str]]:
        return zip(self.graph.states, self.graph.outputs, strict=True)

    def _write_step(self, writer: Writer) -> Names:
        """The names of what `forward` computed, behind the transition."""
        needed, first = symbols(self.steps, self.graph.timed), self.graph.states[0].key
        transitions = Transitions.of(
            self.graph,
            self.steps,
            self.names,
            shaped=[s.name for s in self.parameters.channels],
            skipped=self.skipped,
        )
        names = transitions.names
        like = names.locals[first]
        self.parameters.write_locals(writer, needed, self.like)
        lines = transitions.lines()
        vectors = self.parameters.channel_lines(needed, like)
        shaped = next((i for i, keys in transitions.before.items() if first in keys), 0)
        lines.setdefault(shaped, []).extend(vectors)
        body = self.body(like)
        scope = replace(body.scope, names=names)
        replace(body, scope=scope, came=transitions.came).write(writer, self.steps, lines)
        writer.lines(lines.get(len(self.steps), ()))
        return names

    def _unpacked(self) -> list[str]:
        """The locals of the states; what nothing reads gets an underscore."""
        keys = [state.key for state in self.graph.states]
        read = {key for step in self.steps for key in read_by(step, self.graph)}
        read |= {*self.graph.outputs, keys[0]}
        read |= {r.only_source for r in self.graph.rows if r.only_source}
        # The dtype of what becomes a new value is read, too.
        read |= {state.key for state, output in self._pairs() if output not in self.graph.state}
        return [self.names.locals[key] if key in read else fresh(self.names, "_1") for key in keys]

    @staticmethod
    def _write_unpacked(writer: Writer, names: Sequence[str], whole: str) -> None:
        flat = f"{', '.join(names)} = {whole}"
        if len(flat) <= writer.room:
            writer.line(flat)
        else:
            writer.bracketed("(", names, f") = {whole}")

    def _returned(self, names: Names, state: State, output: str) -> str:
        """What a state becomes, in that state's dtype."""
        row = self.graph.row.get(output)
        source = row.only_source if row is not None and row.only_source else output
        local = names.locals[source]
        if source in self.graph.state:
            return local
        return f"{local}.to({self.local(state) if state.kind == 'value' else self.like}.dtype)"

    @staticmethod
    def write_return(writer: Writer, values: Sequence[str]) -> None:
        flat = f"return {', '.join(values)}"
        if len(flat) <= writer.room or len(values) == 1:
            writer.line(flat)
        else:
            writer.bracketed("return (", values, ")")

    def _time(self) -> list[str]:
        return ["t: Tensor | float = 0.0"] if self.graph.takes_time else []

    @staticmethod
    def _tensors(count: int) -> str:
        if count == 1:
            return "Tensor"
        return f"tuple[{', '.join(['Tensor'] * count)}]" if count <= 4 else "tuple[Tensor, ...]"

    # ------------------------------------------------------------------ start and inverse

    def write_start(self, writer: Writer) -> None:
        """The state before the first block; a single state needs none."""
        if self.is_single:
            return
        newest = [s for s in self.graph.states if s.is_newest]
        values, first = [s.name for s in newest], {s.name: self.local(s) for s in newest}
        begin = beginning(self.graph)
        arguments = [f"{first[values[0]]}: Tensor"]
        arguments += [f"{first[name]}: Tensor | None = None" for name in values[1:]]
        if begin.steps:
            arguments += self._time()
        writer.line()
        writer.bracketed(
            "def start(",
            ["self", *arguments],
            f") -> {self._tensors(len(self.graph.states))}:",
        )
        with writer.indented():
            self._write_start_doc(writer, begin.steps)
            for name in values[1:]:
                local, other = first[name], first[values[0]]
                writer.line(f"{local} = {other} if {local} is None else {local}")
            needed = symbols(begin.steps, self.graph.timed)
            self.parameters.write_locals(writer, needed, self.like)
            writer.lines(self.parameters.channel_lines(needed, self.like))
            body = replace(self.body(self.like), graph=begin.graph, sweeps=False)
            body.write(writer, begin.steps)
            of = begin.evaluations
            returned = [
                first[s.name]
                if s.kind == "value"
                else f"{self.names.locals[of[s.key]]}.to({self.like}.dtype)"
                if s.key in of
                else f"torch.zeros_like({self.like})"
                for s in self.graph.states
            ]
            self.write_return(writer, returned)

    def _write_start_doc(self, writer: Writer, steps: Sequence[Step]) -> None:
        said = "earlier values are the same"
        if steps:
            said = "earlier evaluations are the first one"
        elif any(s.kind == "evaluation" for s in self.graph.states):
            said = "earlier evaluations are zeros, read by nothing here"
        kinds = {s.kind for s in self.graph.states if s.lag}
        if kinds == {"value", "evaluation"}:
            said = f"earlier values are the same, {said}"
        if all(s.is_newest for s in self.graph.states):
            said = "what is not given is as the first"
        writer.docstring(f"The state before the first block: {said}.")

    def write_inverse(self, writer: Writer) -> None:
        """The old state from the new one, where there is a way."""
        inverse = None if self.is_single else Inverse.of(self.graph, self.names)
        if inverse is None:
            return
        tensors = self._tensors(len(self.graph.states))
        writer.line()
        writer.bracketed(
            "def inverse(", ["self", f"state: {tensors}", *self._time()], f") -> {tensors}:"
        )
        with writer.indented():
            but = [f"{d} not 0" for d in inverse.divisors()]
            text = ", ".join(["The state before the step to this one; in evaluation mode", *but])
            writer.docstring(f"{text}.")
            arguments = inverse.arguments
            write_no_inverse(writer)
            self._write_unpacked(writer, arguments, "state")
            needed = inverse.needed()
            self.parameters.write_locals(writer, needed, arguments[0])
            writer.lines(self.parameters.channel_lines(needed, arguments[0]))
            inverse.write(writer, self.body(arguments[0]))
            values = [
                f"{self.local(s)}.to({arguments[0]}.dtype)"
                if s.key in inverse.solved
                else self.local(s)
                for s in self.graph.states
            ]
            self.write_return(writer, values)


def _wrapped(items: Sequence[str], width: int) -> list[str]:
    """Items joined by commas, in lines no wider than `width` if that can be."""
    lines = [items[0]]
    for item in items[1:]:
        if len(lines[-1]) + len(item) + 2 <= width:
            lines[-1] += f", {item}"
        else:
            lines.append(item)
    return lines
