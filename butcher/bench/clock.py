"""Times, taken in turns: in every round each work once, in a new order."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from butcher.bench.settings import Settings
from butcher.bench.work import Work
from butcher.spec.model import Model


class Times(Model):
    """Seconds, one a round.

    inference  a pass in evaluation mode, without gradients.
    forward    a pass in training mode; training: that and its backward pass.
    """

    inference: tuple[float, ...]
    forward: tuple[float, ...]
    training: tuple[float, ...]


class Rig:
    """A state that asks for its gradient, and the gradient that comes from above: as in the middle
    of a network.

    compiled  the state lies as a compiled network would have it, where a convolution gave it: with
              channels last. A compiled block reads others against their order, row by row.
    """

    def __init__(self, settings: Settings, *, compiled: bool) -> None:
        torch.manual_seed(1)
        laid_out = settings.model_copy(update={"channels_last": settings.channels_last or compiled})
        self.state = laid_out.map().requires_grad_()
        self.above = laid_out.map()

    def infer(self, work: Work) -> None:
        """A pass in evaluation mode."""
        work.module.eval()
        with torch.no_grad():
            work.module(self.state)

    def forward(self, work: Work) -> Tensor:
        """A pass in training mode."""
        work.module.train()
        result: Tensor = work.module(self.state)
        return result

    def train(self, work: Work) -> None:
        """Both passes. Gradients of parameters are added to those that there are."""
        self.forward(work).backward(self.above)  # type: ignore[no-untyped-call]


def interleaved(
    works: Sequence[Work], settings: Settings, said: Callable[[str], None] = lambda line: None
) -> dict[str, Times]:
    """The times of each work, by name. `said` is told of every round."""
    rigs = [Rig(settings, compiled=compiled) for compiled in (False, True)]
    marks = _Marks(settings)
    taken: dict[str, list[tuple[float, float, float]]] = {work.name: [] for work in works}
    order, shuffle = list(works), random.Random(0).shuffle
    with threads(settings.threads):
        for turn in range(-settings.warm_up, settings.rounds):
            said(f"round {turn + 1} of {settings.rounds}" if turn >= 0 else "warming up")
            shuffle(order)
            with _collected():
                found = [(work.name, _once(rigs[work.compiled], work, marks)) for work in order]
            for name, sample in found if turn >= 0 else ():
                taken[name].append(sample)
    return {name: _times(samples) for name, samples in taken.items()}


def _times(samples: Sequence[tuple[float, float, float]]) -> Times:
    inference, forward, training = zip(*samples, strict=True)
    return Times(inference=inference, forward=forward, training=training)


def _once(rig: Rig, work: Work, marks: _Marks) -> tuple[float, float, float]:
    marks.begin()
    rig.infer(work)
    marks.set()
    (inference,) = marks.seconds()
    work.module.train()
    marks.begin()
    result = rig.forward(work)
    marks.set()
    result.backward(rig.above)  # type: ignore[no-untyped-call]
    marks.set()
    forward, training = marks.seconds()
    return inference, forward, training


@contextmanager
def _collected() -> Iterator[None]:
    """Python collects its garbage before, not within."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class _Marks:
    """Points in time: of the processor, or in the stream of a GPU."""

    def __init__(self, settings: Settings) -> None:
        self.is_cuda = settings.device.startswith("cuda")
        self.now = time.process_time if settings.clock == "cpu" else time.perf_counter
        self._seconds: list[float] = []
        self._events: list[torch.cuda.Event] = []

    def begin(self) -> None:
        self._seconds, self._events = [], []
        if self.is_cuda:
            torch.cuda.synchronize()
        self.set()

    def set(self) -> None:
        if self.is_cuda:
            event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
            event.record()
            self._events.append(event)
        else:
            self._seconds.append(self.now())

    def seconds(self) -> list[float]:
        """From the beginning to each mark."""
        if self.is_cuda:
            torch.cuda.synchronize()
            first = self._events[0]
            return [first.elapsed_time(event) / 1000 for event in self._events[1:]]
        return [at - self._seconds[0] for at in self._seconds[1:]]


@contextmanager
def threads(number: int) -> Iterator[None]:
    """As many threads inside operators, and back."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)
