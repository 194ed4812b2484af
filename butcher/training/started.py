"""Starting the processes of a run on this machine, and ending all of them when one ends badly."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any

import torch

from butcher.training.folder import RunError
from butcher.training.place import leave
from butcher.training.result import Outcome
from butcher.training.stop import SIGNALS, Stop, own_group

LOOK = 0.2
"""Seconds between two looks for a signal."""

GRACE = 0.5
"""Seconds in which a process that fails because another has died is not yet the first to blame."""


class DiedError(RunError):
    """A process was ended by a signal."""

    def __init__(self, rank: int, number: int) -> None:
        super().__init__(f"process {rank} was ended by {_name(number)}")
        self.number = number


def started(number: int, call: Callable[..., Outcome], *arguments: Any) -> Outcome:
    """`call(*arguments)` in `number` processes that form a group; what the first one returns.

    `call` is a function that a module defines, and its arguments pickle. SIGINT and SIGTERM are
    handed on to the first process. Raises DiedError where a signal ends a process, and what a
    process raises; the others are killed.
    """
    port = _free_port()
    processes = [_Process(rank, number, port, call, arguments) for rank in range(number)]
    try:
        with Stop() as stop:
            for process in processes:
                process.start()
            _wait(processes, stop)
        return next(process.answer() for process in sorted(processes, key=_blame))
    finally:
        for process in processes:
            process.kill()


class _Process:
    """Our end of a process. It is spawned: nothing of torch's state is inherited."""

    def __init__(self, rank: int, world: int, port: int, call: Any, arguments: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self.rank = rank
        self._pipe, self._theirs = context.Pipe(duplex=False)
        self._told: tuple[Outcome | None, Exception | None] | None = None
        self._process = context.Process(
            target=_serve, args=(rank, world, port, self._theirs, call, arguments)
        )

    def start(self) -> None:
        with _signals_held():
            self._process.start()
        self._theirs.close()

    @property
    def sentinel(self) -> int:
        return self._process.sentinel

    @property
    def has_ended(self) -> bool:
        return self._process.exitcode is not None

    @property
    def was_killed(self) -> bool:
        return (self._process.exitcode or 0) < 0

    @property
    def has_failed(self) -> bool:
        """Whether it has ended, or will, without an outcome."""
        return (self.has_ended or self._pipe.poll()) and self._read()[0] is None

    def answer(self) -> Outcome:
        """Its outcome; what it raised, or why there is none."""
        outcome, wrong = self._read()
        if wrong is not None:
            raise wrong
        if outcome is None:
            code = self._process.exitcode or 0
            if code < 0:
                raise DiedError(self.rank, -code)
            raise RunError(f"process {self.rank} ended with code {code} and said nothing")
        return outcome

    def _read(self) -> tuple[Outcome | None, Exception | None]:
        if self._told is None:
            try:
                self._told = self._pipe.recv() if self._pipe.poll() else (None, None)
            except EOFError:
                self._told = None, None
        return self._told

    def signal(self, number: int) -> None:
        if self._process.pid is not None and not self.has_ended:
            os.kill(self._process.pid, number)

    def kill(self) -> None:
        """End it, whatever it is doing; nothing that it writes can be half written."""
        if self._process.pid is not None:
            self._process.kill()
            self._process.join()
        self._pipe.close()


def _wait(processes: list[_Process], stop: Stop) -> None:
    """Until all have ended, or one has failed."""
    handed_on = False
    while left := [process for process in processes if not process.has_ended]:
        wait([process.sentinel for process in left], LOOK)
        if stop.asked and not handed_on:
            processes[0].signal(stop.asked)
            handed_on = True
        if any(process.has_failed for process in processes):
            wait([process.sentinel for process in left if not process.has_failed], GRACE)
            return


def _blame(process: _Process) -> tuple[bool, bool, int]:
    """A process that was killed first, then one that failed, then in their order."""
    killed = process.has_failed and process.was_killed
    return not killed, not process.has_failed, process.rank


# --------------------------------------------------------------------------- the process


def _serve(
    rank: int, world: int, port: int, pipe: Connection, call: Callable[..., Outcome], given: Any
) -> None:
    begin_spawned()
    os.environ |= {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(world),
        "LOCAL_WORLD_SIZE": str(world),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    torch.set_num_threads(max(1, torch.get_num_threads() // world))
    _release_signals()
    try:
        pipe.send((call(*given), None))
    except Exception as wrong:
        wrong.add_note(traceback.format_exc())
        pipe.send((None, wrong))
    leave()


def begin_spawned() -> None:
    """What a process that is spawned does first: it ends with its parent, who tells it of Ctrl-C.

    Processes that prepare its data it starts as any process does: `spawn`, which it has inherited,
    takes seconds in every epoch.
    """
    own_group()
    multiprocessing.set_start_method(None, force=True)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Nobody would hear of a run whose parent is gone; its checkpoint is."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


@contextmanager
def _signals_held() -> Iterator[None]:
    """Signals to a process that starts here wait until it releases them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # the first process would start it, which releases them
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _release_signals() -> None:
    """They end this process at once, wherever it is not in training: the others wait for it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
