"""The evaluations of one level, side by side on a CUDA device, each on a stream of its own.

    k1, k2 = together((self.f[0], u), (self.f[1], u))

Which evaluations are on one level is `butcher.analysis.network.concurrency`. The functions below
need torch and nothing of this project, so an emitted file can carry them as they stand.

On a CPU this is one after the other: vmap, one grouped convolution and threads were measured, see
docs/benchmarks/parallel.md.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor, nn

Call = tuple[nn.Module, *tuple[Tensor | float, ...]]


def together(*calls: Call) -> list[Tensor]:
    """f(*args) of every call (f, *args); none needs the result of another.

    On a CUDA device each has a stream of its own, in the backward pass, too; the last has the
    current one, which then waits for the others. They are launched in order, so random numbers are
    those of one after the other, which is what happens elsewhere.
    """
    device = device_of(calls)
    if device is None:
        return [f(*args) for f, *args in calls]
    beside = side_streams(device, len(calls) - 1)
    results = []
    try:
        for (f, *args), stream in zip(calls, beside, strict=False):
            results.append(on_stream(stream, f, *args))
        f, *args = calls[-1]
        results.append(f(*args))
    finally:  # also if one raised: what has begun still reads memory of the current stream
        for stream in beside:
            torch.cuda.current_stream(device).wait_stream(stream)
    return results


def device_of(calls: tuple[Call, ...]) -> torch.device | None:
    """The CUDA device of all arguments; None where the calls must be one after the other.

    Compilers order the kernels themselves. Modules that share a buffer, such as the statistics of
    a BatchNorm, write to it in the order of the calls.
    """
    if torch.compiler.is_compiling() or torch.jit.is_tracing():  # type: ignore[attr-defined, no-untyped-call]
        return None
    devices = {value.device for _, *args in calls for value in args if isinstance(value, Tensor)}
    if {device.type for device in devices} != {"cuda"} or len(devices) > 1:
        return None
    buffers = [id(buffer) for f, *_ in calls for buffer in f.buffers()]
    return devices.pop() if len(set(buffers)) == len(buffers) else None


def on_stream(stream: torch.cuda.Stream, f: nn.Module, *args: Tensor | float) -> Tensor:
    """f(*args) on `stream`, after what the current stream has been given so far.

    Memory is given back to the stream that it was taken on, and would be used again there while
    the other one, in a backward pass, still reads it: `record_stream` holds it.
    """
    here, kind = torch.cuda.current_stream(stream.device), stream.device.type
    stream.wait_stream(here)
    for value in args:
        if isinstance(value, Tensor):
            value.record_stream(stream)
    # A weight that is cast goes into no cache: another stream would find it there unwritten.
    cast = torch.autocast(
        kind, torch.get_autocast_dtype(kind), torch.is_autocast_enabled(kind), cache_enabled=False
    )
    with torch.cuda.stream(stream), cast:
        result: Tensor = f(*args)
    result.record_stream(here)
    return result


@lru_cache(maxsize=64)
def side_streams(device: torch.device, count: int) -> tuple[torch.cuda.Stream, ...]:
    """The same ones every time, for each keeps memory that it alone uses again."""
    return tuple(torch.cuda.Stream(device) for _ in range(count))  # type: ignore[no-untyped-call]
