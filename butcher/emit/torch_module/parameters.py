"""Symbols in the emitted class: keyword, attribute, property, and the local of forward."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from butcher.coefficient import Coefficient, Number
from butcher.emit.torch_module.expressions import expression, signed_literal
from butcher.emit.torch_module.names import CONTROL_NAMES, Names, base_name, name_everything
from butcher.emit.torch_module.writer import Writer
from butcher.ir.graph import Graph
from butcher.ir.steps import is_step
from butcher.spec.symbol import Symbol

SMALLEST = Number.of(1) / 10
"""A slope that is read off results has their roundings, divided by a number of this size."""


@dataclass(frozen=True)
class Parameters:
    """The symbols in use, each written in the four places where it occurs."""

    symbols: tuple[Symbol, ...]
    names: Names
    tensors: frozenset[str]
    """The symbols that are tensors in forward; drawn ones only in training."""

    @classmethod
    def of(cls, graph: Graph) -> Parameters:
        """Of the class that the graph is emitted as; one with an estimate controls its step."""
        used = tuple(symbol for symbol in graph.symbols if symbol.name in graph.names)
        taken = CONTROL_NAMES if graph.estimates else ()
        controlled = bool(graph.estimates)
        tensors = [s.name for s in used if _is_tensor(s, controlled)]
        return cls(used, name_everything(graph, used, tensors, taken), frozenset(tensors))

    # ------------------------------------------------------------------ views

    @property
    def drawn(self) -> frozenset[str]:
        return frozenset(symbol.name for symbol in self.symbols if symbol.kind == "random")

    @property
    def nonzero(self) -> frozenset[str]:
        """The trained numbers, not per channel, whose bounds keep them away from 0."""
        return frozenset(
            s.name
            for s in self.symbols
            if s.kind == "learn"
            and s.scope != "channel"
            and s.bounds is not None
            and (s.bounds[0] >= SMALLEST or s.bounds[1] <= -SMALLEST)
        )

    @cached_property
    def stages(self) -> tuple[Symbol, ...]:
        """The steps of which every row has its own."""
        return tuple(s for s in self.symbols if s.name != base_name(s))

    @cached_property
    def single(self) -> tuple[Symbol, ...]:
        """The others."""
        return tuple(s for s in self.symbols if s not in self.stages)

    @cached_property
    def channels(self) -> tuple[Symbol, ...]:
        return tuple(s for s in self.single if s.kind == "learn" and s.scope == "channel")

    @property
    def has_step(self) -> bool:
        return bool(self.stages) or any(s.name == "h" for s in self.symbols)

    @property
    def learned(self) -> list[Symbol]:
        """Those that are trained, once each."""
        return [s for s in self._one_of_each() if s.kind == "learn"]

    @property
    def wants_samples(self) -> bool:
        """Whether dimension 0 is known to be that of the samples."""
        return any(s.kind == "random" and s.scope == "sample" for s in self.symbols)

    @property
    def fixed(self) -> list[str]:
        """The attributes that are plain numbers."""
        return [self.name(s) for s in self.single if s.kind in {"h", "param"}]

    def spelled(self, symbol: str) -> str:
        """As forward reads it: `k`, `h`, `h[3]`."""
        for i, stage in enumerate(self.stages):
            if stage.name == symbol:
                return f"{self.name(stage)}[{i}]"
        return self.names.symbols[symbol]

    def name(self, symbol: Symbol) -> str:
        return self.names.symbols[symbol.name]

    def attribute(self, symbol: Symbol) -> str:
        """Where the trained number is stored."""
        return self.names.free[symbol.name] if symbol.bounds else self.name(symbol)

    @property
    def attributes(self) -> dict[str, str]:
        """For every trained symbol the attribute that holds it: `h` of all steps of stages."""
        return {base_name(s): self.attribute(s) for s in self.learned}

    def number(self, coefficient: Coefficient, of: str = "") -> str:
        """A coefficient over parameters, as a double; `of` is `self.` if these are attributes."""
        if coefficient.is_number:
            return signed_literal(coefficient.number)
        return expression(coefficient, lambda name: of + self.spelled(name)).signed

    # ------------------------------------------------------------------ keywords

    def keywords(self) -> list[str]:
        """`h: float = 1.0`, and then as declared."""
        rows = [self._keyword(s) for s in self._one_of_each() if s.kind != "random"]
        if not self.has_step:
            rows.insert(0, "h: float = 1.0")
        rows.sort(key=lambda row: not row.startswith("h:"))
        return [*rows, "channels: int | None = None"] if self.channels else rows

    def _one_of_each(self) -> Iterable[Symbol]:
        yield from self.stages[:1]
        yield from self.single

    def _keyword(self, symbol: Symbol) -> str:
        if symbol.kind == "learn" and symbol.distribution:
            return f"{self.name(symbol)}: float | None = None"
        return f"{self.name(symbol)}: float = {signed_literal(symbol.start)}"

    # ------------------------------------------------------------------ __init__

    def write_init(self, writer: Writer) -> None:
        if not self.has_step:
            writer.line("if h != 1:")
            with writer.indented():
                writer.line('raise ValueError("this method has no step: h must be 1")')
        for symbol in self._one_of_each():
            if symbol.kind in {"h", "param"}:
                writer.line(f"self.{self.name(symbol)} = {self.name(symbol)}")
            elif symbol.kind == "learn":
                self._write_learned(writer, symbol)
        if self.channels:
            writer.line("if channels is not None:")
            with writer.indented():
                writer.line("self.size(channels)")

    def _write_learned(self, writer: Writer, symbol: Symbol) -> None:
        name = self.name(symbol)
        if symbol in self.channels:
            start = self.names.starts[symbol.name]
            writer.line(f"self.{start} = {name}")
            writer.line(f"self.{self.attribute(symbol)} = nn.UninitializedParameter()")
            return
        tensor = f"torch.tensor([float({name})])"
        if symbol.bounds:
            tensor = f'unbounded("{name}", {name}, {self._bounds(symbol)})'
            if symbol.distribution:
                writer.line(f"if {name} is None:")
                with writer.indented():
                    writer.line(f"{name} = torch.empty(1).{self._draw(symbol)}.item()")
        elif symbol.distribution:
            writer.line(f"self.{name} = nn.Parameter(torch.empty(1).{self._draw(symbol)})")
            writer.line(f"if {name} is not None:")
            with writer.indented():
                writer.line(f"nn.init.constant_(self.{name}, {name})")
            return
        kind = f"ParameterList({tensor} for _ in range({len(self.stages)}))"
        kind = kind if symbol in self.stages else f"Parameter({tensor})"
        writer.line(f"self.{self.attribute(symbol)} = nn.{kind}")

    def _bounds(self, symbol: Symbol) -> str:
        assert symbol.bounds is not None
        return ", ".join(signed_literal(bound) for bound in symbol.bounds)

    def _draw(self, symbol: Symbol, of: str = "") -> str:
        """`uniform_(-0.1, 0.0)`, a method of the tensor that is to be filled."""
        distribution = symbol.distribution
        assert distribution is not None
        arguments = ", ".join(self.number(c, of) for c in distribution.arguments)
        return f"{distribution.name}_({arguments})"

    # ------------------------------------------------------------------ members

    def write_members(self, writer: Writer) -> None:
        """Properties for what is bounded, and the size of what is per channel."""
        for symbol in self._one_of_each():
            if symbol.kind == "learn" and symbol.bounds:
                self._write_property(writer, symbol)
        if self.channels:
            self._write_size(writer)
            self._write_state_dict(writer)

    def _write_property(self, writer: Writer, symbol: Symbol) -> None:
        name, free, bounds = self.name(symbol), self.attribute(symbol), self._bounds(symbol)
        several = symbol in self.stages
        writer.line()
        writer.line("@property")
        writer.line(f"def {name}(self) -> {'list[Tensor]' if several else 'Tensor'}:")
        with writer.indented():
            writer.docstring(f"Inside ({bounds}), wherever training takes `{free}`.")
            if several:
                writer.line(f"return [bounded(free, {bounds}) for free in self.{free}]")
            else:
                writer.line(f"return bounded(self.{free}, {bounds})")

    def _write_size(self, writer: Writer) -> None:
        writer.line()
        writer.line("def size(self, channels: int) -> None:")
        with writer.indented():
            writer.docstring("Give what is per channel its size, where it has none yet.")
            for symbol in self.channels:
                attribute, start = self.attribute(symbol), f"self.{self.names.starts[symbol.name]}"
                writer.line(f"if isinstance(self.{attribute}, nn.UninitializedParameter):")
                with writer.indented():
                    writer.line(f"self.{attribute}.materialize((channels,))")
                    self._write_fill(writer, symbol, f"self.{attribute}", start)

    def _write_fill(self, writer: Writer, symbol: Symbol, target: str, start: str) -> None:
        if symbol.distribution:
            writer.line("with torch.no_grad():")
            with writer.indented():
                writer.line(f"{target}.{self._draw(symbol, of='self.')}")
            writer.line(f"if {start} is not None:")
            with writer.indented():
                writer.line(f"nn.init.constant_({target}, {start})")
        elif symbol.bounds:
            value = f'unbounded("{self.name(symbol)}", {start}, {self._bounds(symbol)})'
            writer.line(f"free = {value}")
            writer.line(f"nn.init.constant_({target}, free.item())")
        else:
            writer.line(f"nn.init.constant_({target}, {start})")

    def _write_state_dict(self, writer: Writer) -> None:
        """Saving and loading while there is no size yet."""
        attribute = self.attribute(self.channels[0])
        writer.line()
        writer.block(f'''
            def _save_to_state_dict(
                self,
                destination: dict[str, Tensor],
                prefix: str,
                keep_vars: bool,
            ) -> None:
                """What has no size yet is saved as it is."""
                is_lazy = isinstance(self.{attribute}, nn.UninitializedParameter)
                super()._save_to_state_dict(destination, prefix, keep_vars or is_lazy)

            def _load_from_state_dict(
                self,
                state_dict: dict[str, Tensor],
                prefix: str,
                *args: object,
            ) -> None:
                """What has no size yet takes that of what is loaded."""
                loaded = state_dict.get(f"{{prefix}}{attribute}")
                if loaded is not None and not isinstance(loaded, nn.UninitializedParameter):
                    self.size(loaded.shape[0])
                super()._load_from_state_dict(state_dict, prefix, *args)
        ''')

    # ------------------------------------------------------------------ forward

    def write_locals(self, writer: Writer, needed: Iterable[str], like: str) -> None:
        """The numbers of this step, in the dtype of `like`: `h = self.h.to(u.dtype)`; what is per
        channel comes with `channel_lines`.
        """
        wanted = set(needed)
        wanted |= {
            n
            for s in self.symbols
            if s.name in wanted and s.kind == "random" and s.distribution
            for c in s.distribution.arguments
            for n in c.names
        }
        if any(s.name in wanted for s in self.stages):
            name = self.name(self.stages[0])
            writer.line(f"{name} = [step.to({like}.dtype) for step in self.{name}]")
        for symbol in sorted(self.single, key=lambda s: s.kind == "random"):
            if symbol.name in wanted and symbol not in self.channels:
                self._write_local(writer, symbol, like)

    def channel_lines(self, needed: Iterable[str], like: str) -> list[str]:
        """The vectors of this step: as many channels as `like` has, and its dtype."""
        wanted = [self.name(s) for s in self.channels if s.name in needed]
        shape = f"-1, *(1,) * ({like}.dim() - 2)"
        lines = [f"{name} = self.{name}.to({like}.dtype).reshape({shape})" for name in wanted]
        return [f"self.size({like}.shape[1])", *lines] if lines else []

    def _write_local(self, writer: Writer, symbol: Symbol, like: str) -> None:
        name = self.name(symbol)
        if symbol.kind == "random":
            self._write_drawn(writer, symbol, like)
        elif symbol.kind != "learn":
            writer.line(f"{name} = self.{name}")
        else:
            writer.line(f"{name} = self.{name}.to({like}.dtype)")

    def _write_drawn(self, writer: Writer, symbol: Symbol, like: str) -> None:
        name = self.name(symbol)
        assert symbol.distribution is not None
        mean = self.number(symbol.distribution.mean)
        writer.line(f"{name}: Tensor | float = {mean}  # the mean")
        again = self.names.backward.get(symbol.name)
        if again:
            writer.line(f"{again}: Tensor | float = {mean}")
        shape = f"{like}.shape[0], *(1,) * ({like}.dim() - 1)"
        comment = "  # one a sample"
        if symbol.scope == "batch":
            shape, comment = "1", "  # one a batch"
        writer.line("if self.training:")
        with writer.indented():
            draw = f"{name} = {like}.new_empty({shape}).{self._draw(symbol)}"
            writer.line(draw + comment if len(draw + comment) <= writer.room else draw)
            if again:
                writer.line(f"{again} = torch.empty_like({name}).{self._draw(symbol)}")


def _is_tensor(symbol: Symbol, controlled: bool) -> bool:
    return symbol.kind in {"learn", "random"} or (controlled and is_step(symbol.name))
