"""Ctrl-C and SIGTERM, obeyed between two steps."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def own_group() -> None:
    """Hear no signal to the group of whoever started this process, who hears it as well.

    A terminal's Ctrl-C is such a signal, and what torchrun sends.
    """
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)


class Interrupted(Exception):
    """A signal asked the training to end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Stop:
    """Remembers the first signal of SIGNALS; the second does what it would have done without us.

    Python hands signals to the main thread: in another one nothing is changed.

    asked   its number, 0 before.
    agreed  from the number that this process was sent to the one that all of a group obey.
    """

    def __init__(self, agreed: Callable[[int], int] = int) -> None:
        self.asked = 0
        self._agreed = agreed
        self._before: dict[signal.Signals, Any] = {}

    def check(self) -> None:
        """Raises Interrupted if a signal has come, to any process of the group."""
        if asked := self._agreed(self.asked):
            raise Interrupted(asked)

    def __enter__(self) -> Stop:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._ask) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = number
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
