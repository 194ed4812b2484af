"""Arrays of bytes kept in files, each behind its SHA-256; what is damaged is made anew."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from butcher import atomic
from butcher.training.data.error import DataError

Pixels = NDArray[np.uint8]


def default_folder() -> Path:
    """The user's cache: $XDG_CACHE_HOME/butcher, or ~/.cache/butcher."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "butcher"


def kept(
    folder: Path, name: str, shape: tuple[int, ...], make: Callable[[], Pixels], *, needed: bool
) -> Pixels:
    """The array in `folder/name`, made and written first where that is not there or not whole.

    A folder that cannot be written to is an error where it is `needed`, else nothing is kept.
    """
    path = folder / name
    if (stored := _read(path, shape)) is not None:
        return stored
    made = make()
    try:
        _write(path, made)
    except OSError as wrong:
        if needed:
            message = f"{path}: {wrong.strerror or wrong}; write another data.root, or none"
            raise DataError(message) from None
    return made


def _read(path: Path, shape: tuple[int, ...]) -> Pixels | None:
    """None for a file that is not there, not of this size, or not what was written."""
    try:
        with path.open("rb") as file:
            digest, pixels = file.read(32), np.fromfile(file, np.uint8)
    except OSError:
        return None
    if len(pixels) != math.prod(shape) or hashlib.sha256(pixels.data).digest() != digest:
        return None
    return pixels.reshape(shape)


def _write(path: Path, pixels: Pixels) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)

    def write(file: BinaryIO) -> None:
        file.write(hashlib.sha256(pixels.data).digest())
        file.write(pixels.data)

    atomic.replace(path, write)
