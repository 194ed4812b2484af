"""What can be asked for: a method with its step, or a solver of another library."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

import torch
from torch import nn

from butcher.bench import peers
from butcher.bench.naive import Form, Naive
from butcher.block import make_block
from butcher.coefficient import Number
from butcher.compiler import resolve, shipped
from butcher.compiler.sweeps import straightened
from butcher.counting.probe import Flip
from butcher.ir.graph import Graph
from butcher.ir.lower import lower
from butcher.spec import Scheme

Held = Literal["fixed", "learned", "bounded", "per-stage", "controlled"]
"""How the step is; bounded is learned, between 0.1 and 2."""

HELD: tuple[Held, ...] = get_args(Held)
BOUNDS = (Number.of(1) / Number.of(10), Number.of(2))


class CannotMeasureError(ValueError):
    """A method that is no map from one state to its next, by one sub-net a stage."""


@dataclass(frozen=True)
class Method:
    """A block of `scheme`.

    shared  whether one sub-net is all stages; that of a controlled step always is.
    """

    scheme: Scheme
    held: Held
    shared: bool = False

    @property
    def name(self) -> str:
        """`verner89`, `verner89 learned`, `rk4 shared`, `dopri54 controlled`."""
        words = [self.scheme.name, "" if self.held == "fixed" else self.held]
        words.append("shared" if self.shared and self.held != "controlled" else "")
        return " ".join(filter(None, words))

    @cached_property
    def graph(self) -> Graph:
        """What a block without step control evaluates."""
        match self.held:
            case "controlled" | "bounded":
                return straightened(lower(self._scheme))
            case held:
                return straightened(lower(self._scheme, held))

    @property
    def is_shared(self) -> bool:
        return self._is_made_shared or len(self.graph.groups) == 1 < len(self.graph.evaluations)

    @property
    def _is_made_shared(self) -> bool:
        return self.shared or self.held == "controlled"

    @property
    def _scheme(self) -> Scheme:
        if self.held != "bounded":
            return self.scheme
        changes = {"kind": "learn", "bounds": BOUNDS, "scope": "block"}
        symbols = self.scheme.symbols
        changed = (s.model_copy(update=changes) if s.name == "h" else s for s in symbols)
        return self.scheme.model_copy(update={"symbols": tuple(changed)})

    def block(self, branches: Sequence[nn.Module]) -> nn.Module:
        """What is emitted, around one sub-net an evaluation; of shared ones all are the first."""
        loose: dict[str, Any] = (
            {"rtol": peers.LOOSE, "atol": peers.LOOSE} if self.held == "controlled" else {}
        )
        return make_block(
            self._scheme,
            branches[0] if self.is_shared else list(branches),
            step=None if self.held == "bounded" else self.held,
            weights="shared" if self._is_made_shared else None,
            **loose,
        )

    def naive(self, branches: Sequence[nn.Module], form: Form) -> nn.Module:
        """As a person writes it from the paper."""
        return Naive(self.graph, branches, form)

    @property
    def naive_forms(self) -> tuple[Form, ...]:
        """Those that there are: none of a bounded or controlled step."""
        forms: dict[Held, tuple[Form, ...]] = {
            "fixed": ("gathered",),
            "learned": ("gathered", "spread"),
            "per-stage": ("gathered", "spread"),
        }
        if any(name.partition(":")[0] != "h" for name in self.graph.names):
            return ()
        return forms.get(self.held, ())


def method(spec: str, held: Held, *, shared: bool = False) -> Method:
    """Of a path or a shipped name; a CannotMeasureError says what stands against it."""
    made = Method(resolve(spec), held, shared)
    scheme, graph = made.scheme, made.graph
    for what, number in (("slots", len(scheme.slots)), ("states", len(graph.states))):
        if number != 1:
            raise CannotMeasureError(f"{scheme.name} has {number} {what}; it takes one to measure")
    if 1 < len(graph.groups) < len(graph.evaluations):
        raise CannotMeasureError(
            f"{scheme.name} shares some of its sub-nets; it takes one, or one a stage, to measure"
        )
    if graph.takes_time:
        raise CannotMeasureError(f"{scheme.name} gives its sub-nets the time; none is measured")
    return made


def of_shipped() -> Iterator[Method]:
    """The shipped methods that can be measured, with fixed steps."""
    for name in shipped():
        try:
            yield method(name, "fixed")
        except CannotMeasureError:
            continue


def evaluations(make: Callable[[Sequence[nn.Module]], nn.Module], count: int) -> int:
    """How often one pass through a module evaluates, found by trying with `count` sub-nets."""
    calls = 0

    def note(argument: torch.Tensor) -> None:
        nonlocal calls
        calls += 1

    with torch.no_grad():
        make([Flip(note)] * count)(torch.randn(2, 1, 1, 1))
    return calls
