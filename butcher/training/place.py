"""Where a training runs: a process among others, and its device."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

import torch

from butcher.training.data import DataError
from butcher.training.folder import RunError
from butcher.training.options import TrainOptions
from butcher.training.several import ALONE, Alone, Replicated, Together

BACKENDS = {"cpu": "gloo", "cuda": "cpu:gloo,cuda:nccl"}


@dataclass(frozen=True)
class Place:
    """One process of a group, which computes on `device`."""

    device: torch.device
    group: Alone = ALONE

    @property
    def rank(self) -> int:
        """The number of the process, counted from 0."""
        return self.group.rank

    @property
    def world(self) -> int:
        """How many processes there are."""
        return self.group.world

    @property
    def writes(self) -> bool:
        """Whether it is the process that prints, and writes files."""
        return self.rank == 0

    @property
    def pins(self) -> bool:
        """Whether batches are prepared in memory that a GPU copies from by itself."""
        return self.device.type == "cuda"

    def __str__(self) -> str:
        if self.world == 1:
            return str(self.device)
        return f"{self.world} processes ({self.group.parallel}), {self.device.type}"


def is_started() -> bool:
    """Whether torchrun, or `started`, has made this process one of a group."""
    return "RANK" in os.environ and "WORLD_SIZE" in os.environ


@contextmanager
def taken(options: TrainOptions) -> Iterator[Place]:
    """Our place in the group that has been started; RunError where it is another number.

    Torch's default group, if whoever calls has formed it, is used and left.
    """
    world = int(os.environ["WORLD_SIZE"]) if is_started() else 1
    if world != options.devices:
        raise RunError(
            f"train.devices is {options.devices}, and {world} processes have been started; "
            f"write --set train.devices={world}, or start {options.devices}"
        )
    if world == 1:
        yield Place(device_of(options.device))
        return
    device = own_device(options.device)
    if device.type == "cuda":
        torch.cuda.set_device(device)
    if torch.distributed.is_initialized():
        yield Place(device, _group(options))
        return
    torch.distributed.init_process_group(BACKENDS[device.type])
    yield Place(device, _group(options))
    # None ends, and takes its connections with it, while another still works. After an error
    # nobody is waited for.
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


def leave(code: int = 0) -> NoReturn:
    """End a process of a group, and spare the interpreter its own end.

    Where weights are sharded, torch keeps the destroyed group and its threads. One that still
    drops a tensor while the interpreter takes itself apart may abort the process, and a run that
    is done would be reported as failed (pytorch/pytorch#179291).
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _group(options: TrainOptions) -> Together:
    if options.parallel == "ddp":
        return Replicated()
    from butcher.training.sharded import Sharded

    return Sharded()


def device_of(name: str) -> torch.device:
    """The device of `[train]`; "auto" is the GPU if there is one."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise DataError(f'device = "{name}": there is no such GPU here; write "cpu" or "auto"')
    return device


def own_device(name: str) -> torch.device:
    """The device of one of several processes: of each GPU of a host one."""
    device = device_of(name)
    if device.type == "cpu":
        return device
    local, gpus = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
    if local >= gpus:
        raise DataError(
            f"each process needs a GPU of its own, and here {gpus} are visible; start as many "
            'processes on this host, or write device = "cpu"'
        )
    return torch.device("cuda", local)


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
