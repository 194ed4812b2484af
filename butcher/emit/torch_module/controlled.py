"""A block with step control: one attempt at a step, and the loop around it.

The graph has one state, the new value and the error of a step, `err`, as its only estimate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from butcher.coefficient import Coefficient
from butcher.emit.torch_module.control import (
    FORWARD,
    FORWARD_SAID,
    FUNCTIONS,
    INIT,
    KEYWORDS,
    KEYWORDS_SAID,
    METHODS,
)
from butcher.emit.torch_module.docstring import Docstring
from butcher.emit.torch_module.equations import net_names
from butcher.emit.torch_module.forward import Methods
from butcher.emit.torch_module.program import symbols
from butcher.emit.torch_module.writer import Writer
from butcher.ir.graph import Graph
from butcher.ir.steps import is_step
from butcher.passes.estimate import ERROR
from butcher.passes.prune import prune
from butcher.passes.schedule import Step, evaluated

MARKED = re.compile("«([a-z]+): ([^«»]*)»")


@dataclass(frozen=True)
class ControlledDocstring(Docstring):
    """With what is particular to step control."""

    handed_on: tuple[str, str] | None

    def _paragraphs(self, elided: bool) -> Iterator[str]:
        nets = self._nets()
        if elided:
            nets += " [k1, k2] stands for a weighted sum; the weights are those in `step`."
        yield nets
        yield (
            "h is the step that is tried. One call of the block advances t by `self.h` in total, "
            "in as many steps as the tolerances want, all with the same sub-nets. Afterwards "
            "`accepted` and `rejected` count them, where each sample has its own step one number "
            "a sample, and `evaluations` how often sub-nets were called."
        )
        if self.handed_on:
            first, last = self.handed_on
            yield (
                f"{last} of an accepted step is {first} of the next, and {first} of a rejected one "
                f"that of its repetition: an attempt evaluates {len(self.graph.evaluations) - 1} "
                f"times, a call once more."
            )
        if stages_differ(self.graph):
            yield (
                "The order and the estimate are those of a single f. Where the sub-nets of the "
                "stages differ, err is of order h however high the order: a small tolerance "
                "makes the steps short."
            )
        only = self._for_the_estimate()
        if only:
            serve, are = ("serves", "is") if len(only) == 1 else ("serve", "are")
            yield (
                f"{' and '.join(only)} {serve} the estimate alone and {are} trained with "
                f"`detach=False` only; else DistributedDataParallel has to find unused parameters."
            )
        yield from self._numbers()

    def _for_the_estimate(self) -> list[str]:
        """The sub-nets without which the new value is the same."""
        needed = prune(self.graph).groups
        names = net_names(self.graph)
        return [names[group] for group in self.graph.groups if group not in needed]


@dataclass(frozen=True)
class ControlledMethods(Methods):
    """The methods of a class with step control."""

    @cached_property
    def handed_on(self) -> tuple[str, str] | None:
        """The first evaluation and the last one, where this is the first of the next step.

        They have the same weights, the first reads the old value, the last the new one.
        """
        first, last = self.graph.evaluations[0], self.graph.evaluations[-1]
        if first.group != last.group or self.graph.reads(first) is None:
            return None
        times = [first.c, last.c] == [Coefficient.of(0), Coefficient.of(1)]
        if last.argument not in self.graph.outputs or (self.graph.takes_time and not times):
            return None
        return first.key, last.key

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Of one attempt: what was evaluated before is not evaluated again."""
        steps = super().steps
        return tuple(s for s in steps if self.alone.isdisjoint(e.key for e in evaluated(s)))

    @property
    def alone(self) -> frozenset[str]:
        """The one that was evaluated before."""
        return frozenset(self.handed_on[:1] if self.handed_on else ())

    @property
    def nfe(self) -> int:
        return sum(len(evaluated(step)) for step in self.steps)

    def helpers(self) -> list[str]:
        return [self.fitted(FUNCTIONS)]

    # ------------------------------------------------------------------ the class

    def write_docstring(self, writer: Writer) -> None:
        ControlledDocstring(self.graph, self.header, self.parameters, self.handed_on).write(writer)

    def write_init(self, writer: Writer) -> None:
        q = self.header.lower_order
        assert q is not None
        own = [keyword.replace("{power}", str(q + 1)) for keyword in KEYWORDS]
        self.write_signature(writer, [*self.parameters.keywords(), *own])
        with writer.indented():
            writer.block(KEYWORDS_SAID.replace("{q}", str(q)))
            writer.line("super().__init__()")
            self.write_nets(writer)
            self.parameters.write_init(writer)
            writer.block(INIT)

    def write_forward(self, writer: Writer) -> None:
        """`forward`, `step`, and what is between them."""
        shape = "(N, C, ...)" if self.parameters.channels else "(N, ...)"
        writer.line()
        items = ["self", f"{self.like}: Tensor", *self._time()]
        writer.bracketed("def forward(", items, ") -> Tensor:")
        with writer.indented():
            writer.block(FORWARD_SAID.replace("{shape}", shape))
            if self.parameters.channels:
                writer.line(f"self.size({self.like}.shape[1])")
            writer.block(self.fitted(FORWARD).replace("{u}", self.like))
        self._write_attempt(writer)
        writer.line()
        writer.block(self.fitted(METHODS))

    def fitted(self, text: str) -> str:
        """A text of `control` without what this block has no use for."""
        has = {"t"} if self.graph.takes_time else set()
        has |= {"k"} if self.handed_on else set()
        has |= {"s"} if stages_differ(self.graph) else set()
        while "«" in text:  # from the inside
            text = MARKED.sub(lambda found: found[2] if has.issuperset(found[1]) else "", text)
        return re.sub("^ +\n", "", text, flags=re.MULTILINE)

    def _write_attempt(self, writer: Writer) -> None:
        """`step`."""
        time = ["t: Tensor"] if self.graph.takes_time else []
        given, also = [self.like], []
        if self.handed_on:
            first, last = (self.names.locals[key] for key in self.handed_on)
            given, also = [*given, first], [last]
        items = ["self", *(f"{local}: Tensor" for local in [*given, "h"]), *time]
        tensors = ", ".join(["Tensor"] * (2 + len(also)))
        writer.line()
        writer.bracketed("def step(", items, f") -> tuple[{tensors}]:")
        with writer.indented():
            there = "".join(f"{local} there, " for local in also)
            writer.docstring(f"One step of length h: the new value, {there}the error of the pair.")
            needed = {name for name in symbols(self.steps, self.graph.timed) if not is_step(name)}
            self.parameters.write_locals(writer, needed, self.like)
            writer.lines(self.parameters.channel_lines(needed, self.like))
            self.body(self.like).write(writer, self.steps)
            (pair,) = self._pairs()
            values = [self._returned(self.names, *pair), *also, self.names.locals[ERROR]]
            self.write_return(writer, values)

    def shown(self) -> list[str]:
        return [*super().shown(), "rtol={self.rtol}", "atol={self.atol}"]


def stages_differ(graph: Graph) -> bool:
    """Whether a slot has several sub-nets."""
    return len(graph.groups) > len(graph.slots)
