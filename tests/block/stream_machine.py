"""A CUDA device made of words: streams with vector clocks, on which a race is an error.

What is launched on a stream happens after all that was launched on it before, and after what it
was made to wait for; of everything else the order is open. Memory is used again on the stream that
took it as soon as Python gives it back, unless `record_stream` says who else reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn


class Race(AssertionError):
    """Two streams, one memory, and no order."""


class Stream:
    """Its clock tells, of every stream, how much of it lies behind."""

    def __init__(self, name: str) -> None:
        self.name, self.device = name, torch.device("cpu")
        self.clock = {name: 0}

    def wait_stream(self, other: Stream) -> None:
        for name, tick in other.clock.items():
            self.clock[name] = max(tick, self.clock.get(name, 0))


class Machine:
    """Stands in for `torch.cuda`; `record_stream` is to be called in place of the tensors'."""

    def __init__(self) -> None:
        self.current = Stream("main")
        self.used = {"main"}
        self.written: dict[int, tuple[str, int]] = {}
        self.recorded: set[tuple[int, str]] = set()
        self.kept: list[Tensor] = []

    @property
    def cuda(self) -> SimpleNamespace:
        return SimpleNamespace(
            current_stream=lambda device: self.current, stream=self.on, Stream=self.new
        )

    def new(self, device: object) -> Stream:
        self.used.add(f"side {len(self.used)}")
        return Stream(f"side {len(self.used) - 1}")

    @contextmanager
    def on(self, stream: Stream) -> Iterator[None]:
        before, self.current = self.current, stream
        try:
            yield
        finally:
            self.current = before

    def record_stream(self, value: Tensor, stream: Stream) -> None:
        self.recorded.add((value.data_ptr(), stream.name))

    def write(self, value: Tensor) -> Tensor:
        """A kernel of the current stream makes `value`."""
        self.kept.append(value)  # so that no other tensor comes to lie there
        clock, name = self.current.clock, self.current.name
        clock[name] += 1
        self.written[value.data_ptr()] = (name, clock[name])
        return value

    def read(self, value: Tensor) -> None:
        """A kernel of the current stream reads it, or a backward pass may."""
        name, tick = self.written[value.data_ptr()]
        if self.current.clock.get(name, 0) < tick:
            raise Race(f"{self.current.name} reads what {name} may not have written")
        if name != self.current.name and (value.data_ptr(), self.current.name) not in self.recorded:
            raise Race(f"{self.current.name} reads memory that {name} may use again")


class Probe(nn.Module):
    """A sub-net whose kernels the machine sees."""

    def __init__(self, machine: Machine, net: nn.Module) -> None:
        super().__init__()
        self.machine, self.net = machine, net
        self.streams: list[str] = []
        self.caches: list[bool] = []

    def forward(self, *args: Any) -> Tensor:
        for value in args:
            if isinstance(value, Tensor):
                self.machine.read(value)
        self.streams.append(self.machine.current.name)
        self.caches.append(torch.is_autocast_cache_enabled())
        result: Tensor = self.net(args[-1])
        return self.machine.write(result)
