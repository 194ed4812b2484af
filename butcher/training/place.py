"""Where a training runs: a process among others, and its device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from butcher.training.data import DataError


@dataclass(frozen=True)
class Place:
    """One process of `world`, the one numbered `rank`, which computes on `device`."""

    device: torch.device
    rank: int = 0
    world: int = 1

    @property
    def writes(self) -> bool:
        """Whether it is the process that prints, and writes files."""
        return self.rank == 0

    @property
    def pins(self) -> bool:
        """Whether batches are prepared in memory that a GPU copies from by itself."""
        return self.device.type == "cuda"


def device_of(name: str) -> torch.device:
    """The device of `[train]`; "auto" is the GPU if there is one."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise DataError(f'device = "{name}": there is no such GPU here; write "cpu" or "auto"')
    return device


@contextmanager
def cpu_threads(number: int | None) -> Iterator[None]:
    """Compute with so many threads, then with as many as before; None changes nothing.

    Sums are cut into as many parts as there are threads, so the last digits depend on it.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(number or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
