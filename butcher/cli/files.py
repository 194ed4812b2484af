"""Reading what is named on the command line, and writing so that nothing is left half done."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable
from importlib.resources.abc import Traversable
from pathlib import Path

from butcher import atomic
from butcher.compiler import find

MOST_BYTES = 1 << 20


def read_spec(spec: str, find: Callable[[str], Path | Traversable] = find) -> bytes:
    """The bytes of a path, a shipped name, or `-`; a little over the limit at most, so that a
    huge file is refused without being read. `find` knows the shipped names."""
    if spec == "-":
        if sys.stdin is None:
            raise OSError(errno.EBADF, "standard input is closed")
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    with find(spec).open("rb") as file:
        return file.read(MOST_BYTES + 1)


def write(path: Path | None, data: bytes) -> None:
    """To a file, whole or not at all; to standard output for None.

    A device, a pipe or a link is written to, not replaced.
    """
    if path is None:
        if sys.stdout is None:
            raise OSError(errno.EBADF, "standard output is closed")
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            # The reader has what it wanted. What is buffered still must not fail at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        mode = None
    if mode is not None and not stat.S_ISREG(mode):
        with path.open("wb") as file:
            file.write(data)
        return
    atomic.replace_bytes(path, data)
