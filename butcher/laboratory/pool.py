"""Several calls at a time, each in a process that takes one after the other.

A process that dies takes its one call with it, not the others: a new one goes on.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from butcher.training.started import begin_spawned

GRACE = 5.0
"""Seconds that a process has to end after it was asked to."""


@dataclass(frozen=True)
class Task:
    """A call of a function that a module defines, with arguments that pickle."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Ended:
    """What became of the task at `place`: its value, or in a line why there is none.

    trace  the traceback of an exception.
    """

    place: int
    value: Any = None
    error: str | None = None
    trace: str = ""


def ended(tasks: Sequence[Task], jobs: int) -> Iterator[Ended]:
    """Every task's end, in the order in which they come, `jobs` of them at a time.

    Tasks begin in their order. Whatever ends the iteration early ends the processes, too.
    """
    left = deque(enumerate(tasks))
    workers = [_Worker() for _ in range(min(jobs, len(tasks)))]
    try:
        for worker in workers:
            worker.begin(*left.popleft())
        while busy := {w.pipe: w for w in workers if w.place is not None}:
            for pipe in wait(list(busy)):
                worker = busy[pipe]  # type: ignore[index]
                end = worker.end()
                if left:
                    if worker.is_dead:
                        workers.remove(worker)
                        workers.append(worker := _Worker())
                    worker.begin(*left.popleft())
                yield end
    finally:
        for worker in workers:
            worker.stop()


def usable_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Worker:
    """Our end of a process. It is spawned: nothing of torch's state is inherited."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs,))
        with _interrupts_ignored():
            self.process.start()
        theirs.close()
        self.place: int | None = None

    def begin(self, place: int, task: Task) -> None:
        """Hand over a task. Of a process that is dead already `end` will tell."""
        self.place = place
        with suppress(OSError):
            self.pipe.send(task)

    def end(self) -> Ended:
        """What became of the task; waits for it."""
        place, self.place = self.place, None
        assert place is not None
        try:
            value, error, trace = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join(GRACE)
            return Ended(place, error=_last_words(self.process.exitcode))
        return Ended(place, value, error, trace)

    @property
    def is_dead(self) -> bool:
        return not self.process.is_alive()

    def stop(self) -> None:
        """End the process, and what it is doing."""
        self.pipe.close()
        self.process.terminate()
        self.process.join(GRACE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def _serve(pipe: Connection) -> None:
    """The process: a task, its answer, the next task."""
    begin_spawned()
    while True:
        try:
            task: Task = pipe.recv()
        except EOFError:
            return
        answer: tuple[Any, str | None, str]
        try:
            answer = (task.function(*task.arguments), None, "")
        except Exception as wrong:
            words = str(wrong).strip().splitlines()
            error = words[0] if words else type(wrong).__name__
            answer = (None, error, traceback.format_exc())
        try:
            pipe.send(answer)
        except BrokenPipeError:  # we were asked to end, and nobody waits for it
            return


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """A process that starts here is deaf to Ctrl-C from its first moment on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _last_words(code: int | None) -> str:
    if code is not None and code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        why = ": out of memory?" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{why}"
    return f"its process ended with code {code}"
