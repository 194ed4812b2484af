"""The transition of a block that changes shape: where states pass through it, and how that reads.

An evaluation that reads exactly one state reads it as it comes; everything else reads it behind
the transition, which is the identity unless the block is given another.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from butcher.emit.torch_module.names import Names, behind
from butcher.emit.torch_module.program import read_by, symbols
from butcher.emit.torch_module.writer import Writer
from butcher.ir.graph import Graph
from butcher.passes.schedule import Add, Step, evaluated


@dataclass(frozen=True)
class Transitions:
    """Where each state passes through.

    before   the position of a step -> the states that pass before it; len(steps): at the end.
    came     state -> the local of what came.
    names    with the states as they are called behind the transition: alike, unless one that came
             is read once more after that.
    """

    graph: Graph
    before: Mapping[int, Sequence[str]]
    came: Mapping[str, str]
    names: Names

    @classmethod
    def of(
        cls,
        graph: Graph,
        steps: Sequence[Step],
        names: Names,
        *,
        shaped: Collection[str],
        skipped: Collection[str],
    ) -> Transitions:
        """All pass together before the first row that reads one, or when what reads them as they
        come is done; where that never is, under a second name.

        shaped    the symbols whose shape is that of the first state.
        skipped   the evaluations that may be zeros of that shape.
        """
        end = len(steps)
        first = dict.fromkeys(graph.transformed, end)
        last_as_it_came = dict.fromkeys(graph.state, -1)
        for i in reversed(range(end)):
            step = steps[i]
            found = map(graph.reads, evaluated(step))
            as_they_come = {state for state in found if state is not None}
            for state in as_they_come:
                last_as_it_came[state] = max(last_as_it_came[state], i)
            read = _read(graph, step) - as_they_come
            if any(evaluation.key in skipped for evaluation in evaluated(step)):
                read.add(graph.states[0].key)
            if symbols([step], graph.timed) & set(shaped):
                read.add(graph.states[0].key)
            first |= {key: i for key in first if key in read}
        begin = min(first.values(), default=end)
        before: dict[int, list[str]] = {}
        local = dict(names.locals)
        for key, needed in first.items():
            at = begin if last_as_it_came[key] < begin else needed
            before.setdefault(at, []).append(key)
            if last_as_it_came[key] >= at:
                local[key] = behind(names, local[key])
        came = {key: names.locals[key] for key in graph.state}
        return cls(graph, before, came, replace(names, locals=local))

    def lines(self) -> dict[int, list[str]]:
        """`u = self.transition(u).to(u.dtype)`, by the position of the step that follows."""
        return {i: [self.line(key) for key in keys] for i, keys in self.before.items()}

    def line(self, key: str) -> str:
        """Of one state."""
        came = self.came[key]
        return f"{self.names.locals[key]} = {self.net(key)}({came}).to({came}.dtype)"

    def net(self, key: str) -> str:
        """The operator of a state: `self.transition`, or an item of it."""
        states = list(self.graph.state)
        return f"self.transition[{states.index(key)}]" if len(states) > 1 else "self.transition"


def _read(graph: Graph, step: Step) -> set[str]:
    """The states that a row here is made of; one without terms is zeros like the first."""
    if isinstance(step, Add) and not step.sum.terms:
        return {graph.states[0].key}
    return read_by(step, graph)


def write_init(graph: Graph, writer: Writer) -> None:
    """`self.transition`: a module, or one for each of several states."""
    if not graph.transformed:
        return
    writer.line("if transition is None:")
    with writer.indented():
        writer.line("transition = nn.Identity")
    count = len(graph.states)
    if count == 1:
        writer.line('(self.transition,) = sub_nets(transition, 1, "transition")')
        return
    nets = f'sub_nets(transition, {count}, "transition")'
    writer.line(f"self.transition = nn.ModuleList({nets})")
    for i, state in enumerate(graph.states):
        if state.key not in graph.transformed:
            writer.line(f"self.transition[{i}] = nn.Identity()  # {state.key} is not handed on")


def write_no_inverse(writer: Writer) -> None:
    """What is mapped to another shape is not known from there."""
    writer.line("if not all(isinstance(p, nn.Identity) for p in self.transition):")
    with writer.indented():
        writer.line('raise RuntimeError("a block with a transition has no inverse")')


def described(graph: Graph, nets: Mapping[str, str]) -> str:
    """For the docstring of the class; `nets` are the names of the sub-nets."""
    if not graph.transformed:
        return ""
    reads: dict[str, list[str | None]] = {}
    for evaluation in graph.evaluations:
        reads.setdefault(nets[evaluation.group], []).append(graph.reads(evaluation))
    text = f"`transition` maps {_and(graph.transformed)}"
    both = [net for net, found in reads.items() if any(found) and len(set(found)) > 1]
    if both:
        keep = "it keeps" if len(both) == 1 else "they keep"
        are = "is" if len(both) == 1 else "are"
        return f"{text}; {_and(both)} {are} used before and after that, so {keep} the shape."
    before: dict[str, list[str]] = {}
    for net, (state, *_) in reads.items():
        if state is not None:
            before.setdefault(state, []).append(net)
    text = f"Where the block changes shape, {text}"
    if not before:
        return f"{text}."
    several = sum(map(len, before.values())) > 1
    said = [
        f"{_and(found)} {'read' if len(found) > 1 else 'reads'} {state}"
        for state, found in before.items()
    ]
    map_too = "map to the new shape themselves" if several else "maps to the new shape itself"
    return f"{text}; {_and(said)} before that, and {map_too}."


def _and(items: Sequence[str]) -> str:
    *most, last = items
    return f"{', '.join(most)} and {last}" if most else last
