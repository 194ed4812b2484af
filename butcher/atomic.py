"""Files that are whole or not there: a reader, or a run that is killed, sees the old or the new."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def replace(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """What `write` writes, in place of the regular file `path`, which may not exist.

    It is written beside its place, to the disk, and then moved. A new file has the permissions
    that the umask leaves, an old one keeps its own.
    """
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        umask = os.umask(0)
        os.umask(umask)
        mode = 0o666 & ~umask
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".butcher-")
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def replace_bytes(path: Path, data: bytes) -> None:
    """`data` in place of what `path` holds."""
    replace(path, lambda file: file.write(data))
