"""A block with step control: one attempt at a step, and the loop around it.

The graph has one state, the new value and the error of a step, `err`, as its only estimate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from butcher.emit.torch_module.control import (
    FORWARD,
    FORWARD_SAID,
    INIT,
    KEYWORDS,
    KEYWORDS_SAID,
    METHODS,
)
from butcher.emit.torch_module.docstring import Docstring
from butcher.emit.torch_module.equations import net_names
from butcher.emit.torch_module.forward import Methods
from butcher.emit.torch_module.header import Header
from butcher.emit.torch_module.names import CONTROL_NAMES, name_everything
from butcher.emit.torch_module.parameters import Parameters
from butcher.emit.torch_module.program import symbols
from butcher.emit.torch_module.writer import Writer
from butcher.ir.graph import Graph
from butcher.ir.steps import is_step
from butcher.passes.estimate import ERROR
from butcher.passes.prune import prune


class ControlledDocstring(Docstring):
    """With what is particular to step control."""

    def _paragraphs(self, elided: bool) -> Iterator[str]:
        nets = self._nets()
        if elided:
            nets += " [k1, k2] stands for a weighted sum; the weights are those in `step`."
        yield nets
        yield (
            "h is the step that is tried. One call of the block advances t by `self.h` in total, "
            "in as many steps as the tolerances want, all with the same sub-nets. Afterwards "
            "`accepted` and `rejected` count its steps, with `per` one number for each sample, and "
            "`evaluations` how often a sub-net was called."
        )
        if len(self.graph.groups) > len(self.graph.slots):
            yield (
                "The order and the estimate are those of a single f. Where the sub-nets of the "
                "stages differ, err is of order h however high the order: a small tolerance "
                "makes the steps short."
            )
        only = self._for_the_estimate()
        if only:
            yield (
                f"{', '.join(only)}: for the estimate alone. Gradients reach what only it needs "
                f"with `detach=False`; else DistributedDataParallel is to find unused parameters."
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

    @classmethod
    def of(cls, graph: Graph, header: Header) -> ControlledMethods:
        used = tuple(symbol for symbol in graph.symbols if symbol.name in graph.names)
        names = name_everything(graph, used, CONTROL_NAMES)
        return cls(graph, header, names, Parameters(used, names))

    # ------------------------------------------------------------------ the class

    def write_docstring(self, writer: Writer) -> None:
        ControlledDocstring(self.graph, self.header, self.parameters, self.steps).write(writer)

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
            writer.block(self._timed(FORWARD).replace("{u}", self.like))
        self._write_attempt(writer)
        writer.line()
        writer.block(self._timed(METHODS))

    def _timed(self, text: str) -> str:
        """A text where `[t: ...]` and `[now]` stand for what only a block with a time has."""
        if self.graph.takes_time:
            return re.sub(r"\[\[(.*?)\]\]", r"\1", text)
        return re.sub(r"^ *\[\[.*\]\]\n|\[\[.*?\]\]", "", text, flags=re.MULTILINE)

    def _write_attempt(self, writer: Writer) -> None:
        """`step`."""
        time = ["t: Tensor"] if self.graph.takes_time else []
        items = ["self", f"{self.like}: Tensor", "h: Tensor", *time]
        writer.line()
        writer.bracketed("def step(", items, ") -> tuple[Tensor, Tensor]:")
        with writer.indented():
            writer.docstring("One step of length h: the new value, and the error of the pair.")
            needed = {name for name in symbols(self.steps, self.graph.timed) if not is_step(name)}
            self.parameters.write_locals(writer, needed, self.like)
            writer.lines(self.parameters.channel_lines(needed, self.like))
            self.body(self.like).write(writer, self.steps)
            (pair,) = self._pairs()
            values = [self._returned(self.names, *pair), self.names.locals[ERROR]]
            self.write_return(writer, values)

    def shown(self) -> list[str]:
        return [*super().shown(), "rtol={self.rtol}", "atol={self.atol}"]
