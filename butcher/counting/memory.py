"""The memory that a call needs, allocation by allocation."""

from __future__ import annotations

import os
from collections.abc import Callable

import torch
from torch.profiler import ProfilerActivity, profile

# The profiler's library reports its own start and end, unless it is told not to before its first.
os.environ.setdefault("KINETO_LOG_LEVEL", "99")


def peak(call: Callable[[], object], device: str = "cpu") -> int:
    """The most bytes that are live at once during `call`, above those that were before it.

    On a CPU every allocation and release is added up, as torch's profiler records them; on CUDA
    it is what the caching allocator counts. What `call` returns is released at its end. Call it
    once before: gradients of parameters that are not there yet are allocations, too.
    """
    return _peak_of_cuda(call) if device.startswith("cuda") else _peak_of_cpu(call)


def _peak_of_cpu(call: Callable[[], object]) -> int:
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        call()
    events = profiled.profiler.kineto_results.events()
    changes = [(e.start_ns(), e.nbytes()) for e in events if e.name() == "[memory]"]
    live = most = 0
    for _, change in sorted(changes, key=lambda at: at[0]):
        live += change
        most = max(most, live)
    return most


def _peak_of_cuda(call: Callable[[], object]) -> int:
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    call()
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated() - before
