"""Text files that grow by lines, and of which a checkpoint knows the length."""

from __future__ import annotations

import os
from pathlib import Path


class Grown:
    """A file that grows in another process."""

    length = 0
    """Bytes."""

    def write(self, text: str) -> None:
        """Whole lines, each with its break."""

    def close(self) -> None:
        pass


class Appended(Grown):
    """The file at `path`, cut to its first `length` bytes: what was written later, is again.

    A line is handed to the system at once, and survives us if we are killed.
    """

    def __init__(self, path: Path, length: int = 0) -> None:
        path.touch()
        self._file = path.open("r+b", buffering=0)
        self._file.truncate(min(length, path.stat().st_size))
        self._file.seek(0, os.SEEK_END)

    @property
    def length(self) -> int:  # type: ignore[override]
        return self._file.tell()

    def write(self, text: str) -> None:
        rest = memoryview(text.encode())
        while rest:  # a disk that is nearly full takes a part, and refuses the next
            rest = rest[self._file.write(rest) :]

    def close(self) -> None:
        self._file.close()
