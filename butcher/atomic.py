"""Files that are whole or not there: a reader, or a run that is killed, sees the old or the new."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO


def replace(path: Path, write: Callable[[BinaryIO], object], *, alone: bool = False) -> None:
    """What `write` writes, in place of the regular file `path`, which may not exist.

    It is written beside its place, to the disk, and then moved. A new file has the permissions
    that the umask leaves, an old one keeps its own.

    alone  nobody else writes `path` meanwhile: however often we are killed, one file is left over.
    """
    beside = path.with_name(f".{path.name}.new" if alone else f".butcher-{secrets.token_hex(8)}")
    old = _mode(path)

    def opened(name: str, flags: int) -> int:
        return os.open(name, flags, 0o666 if old is None else old | stat.S_IWUSR)

    try:
        with open(str(beside), "wb", opener=opened) as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        if old is not None:
            beside.chmod(old)  # of which the umask may have taken some
        os.replace(beside, path)
    except BaseException as end:
        beside.unlink(missing_ok=True)
        if isinstance(end, OSError) and end.errno and end.filename in (None, str(beside)):
            end.filename = str(path)  # the name that the reader of the error knows
        raise
    _sync(path.parent)


def replace_bytes(path: Path, data: bytes) -> None:
    """`data` in place of what `path` holds."""
    replace(path, lambda file: file.write(data))


def _mode(path: Path) -> int | None:
    """Its permissions; None of no file."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None


def _sync(folder: Path) -> None:
    """Have the system write down that a file was moved, where it can be told to."""
    with suppress(OSError):  # as on Windows, or in a folder that we may write to and not read
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
