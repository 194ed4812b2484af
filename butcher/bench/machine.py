"""Where a measurement was made, as far as it changes times."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import torch

from butcher.bench import peers
from butcher.spec.model import Model
from butcher.version import __version__

MALLOC = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_ARENA_MAX", "LD_PRELOAD")
"""With glibc's default thresholds a map is asked of the system anew at every operation, and
cleared there: an out-of-place sum then takes ten times as long as one in place."""


class Machine(Model):
    """processor is its model's name; cores those that this process may use; load the average over
    a minute, before anything was measured; malloc what the environment says to the allocator,
    None where it says nothing."""

    date: str
    processor: str
    cores: int
    load: float
    device: str
    python: str
    torch: str
    butcher: str
    peers: dict[str, str | None]
    malloc: dict[str, str | None]


def machine(device: str) -> Machine:
    """This one, now."""
    is_cuda = device.startswith("cuda")
    return Machine(
        date=datetime.now(UTC).date().isoformat(),
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1,
        load=round(os.getloadavg()[0], 2),
        device=torch.cuda.get_device_name() if is_cuda else "cpu",
        python=platform.python_version(),
        torch=torch.__version__,
        butcher=__version__,
        peers=peers.versions(),
        malloc={name: os.environ.get(name) for name in MALLOC},
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
