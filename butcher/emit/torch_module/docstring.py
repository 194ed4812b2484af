"""The docstring of the emitted class: equations, sub-nets, what goes in and out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from butcher.emit.torch_module.equations import equations, net_names
from butcher.emit.torch_module.header import Header
from butcher.emit.torch_module.parameters import Parameters
from butcher.emit.torch_module.transition import described
from butcher.emit.torch_module.writer import Writer, filled
from butcher.ir.graph import Graph


@dataclass(frozen=True)
class Docstring:
    """Written once, at the top of the class."""

    graph: Graph
    header: Header
    parameters: Parameters

    def write(self, writer: Writer) -> None:
        title = (self.header.title or self.header.name).rstrip(". ")
        lines = [*filled(f"{title}."), ""]
        shown = list(equations(self.graph))
        for equation in shown:
            first, *more = filled(equation, indent=" " * 12, label=" " * 4)
            lines += [first, *more]
        lines.append("")
        paragraphs = list(
            self._paragraphs(any(re.search(r"\[\S+, ", equation) for equation in shown))
        )
        for i, paragraph in enumerate(paragraphs):
            lines += filled(paragraph, writer.room)
            if i < len(paragraphs) - 1:
                lines.append("")
        writer.docstring_lines(lines)

    def _paragraphs(self, elided: bool) -> Iterator[str]:
        nets = self._nets()
        if elided:
            nets += " [k1, k2] stands for a weighted sum; the weights are those in `forward`."
        yield nets
        swept = [e.swept for e in self.graph.evaluations if e.swept is not None]
        if swept:
            name, count = swept[-1]
            yield (
                f"Sweep j evaluates {name}.j with what sweep j - 1 left, the first without the "
                f"terms that it does not know yet; all {count} have the same weights."
            )
        threaded = self._states()
        if threaded:
            yield threaded
        transition = described(self.graph, net_names(self.graph))
        if transition:
            yield transition
        yield from self._numbers()

    def _nets(self) -> str:
        names = list(net_names(self.graph).values())
        if not names:
            return "Nothing is evaluated: it has no sub-nets."
        if len(names) == 1:
            return f"{names[0]} is `self.f[0]`; it keeps the shape of what it is given."
        if len(names) > 4 and len(self.graph.slots) == 1:
            listed = f"{names[0]} to {names[-1]} are `self.f[0]` to `self.f[{len(names) - 1}]`"
        else:
            items = [f"`self.f[{i}]`" for i in range(len(names))]
            listed = f"{_and(names)} are {_and(items)}"
        return f"{listed}; they keep the shape of what they are given."

    def _states(self) -> str:
        if len(self.graph.states) == 1:
            return ""
        keys = ", ".join(state.key for state in self.graph.states)
        of = f" of {self.header.starts}, which this block starts" if self.header.starts else ""
        return f"In and out goes the tuple ({keys}){of}; `start` makes the first."

    def _numbers(self) -> Iterator[str]:
        for symbol in self.parameters.symbols:
            if symbol in self.parameters.stages[1:] or symbol.kind in {"h", "param"}:
                continue
            name = self.parameters.name(symbol)
            if symbol.kind == "random":
                each = "batch" if symbol.scope == "batch" else "sample"
                again = ", and again for the backward pass" if symbol.redrawn_backward else ""
                yield f"In training {name} is drawn for every {each}{again}; else it is its mean."
            elif symbol in self.parameters.channels:
                yield (
                    f"{name} is trained, a vector over dimension 1. Without `channels` its size is "
                    f"that of the first input: run the block once before its parameters go to an "
                    f"optimizer or another process."
                )
            elif symbol in self.parameters.stages:
                yield f"{name} is trained, one for each sum that it stands in."
            elif symbol.distribution is not None:
                drawn = ", ".join(str(argument) for argument in symbol.distribution.arguments)
                yield f"{name} is trained and starts {symbol.distribution.name}({drawn})."
            else:
                yield f"{name} is trained."


def _and(items: list[str]) -> str:
    return f"{', '.join(items[:-1])} and {items[-1]}"
