"""FractalNet, three columns.

method    fractal3
source    Larsson, Maire, Shakhnarovich (2017), FractalNet
proof     Order has no meaning here: slot join3 is a linear map and no term of the
          equation.
options   step fixed, weights per stage, evaluations together
made by   butcher 0 from a scheme with digest adef0c0e25c8ef6c
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]
SubNets = SubNet | Mapping[str, SubNet]


class Fractal3(nn.Module):
    """FractalNet, three columns.

        k1 = join3(u[n])
        k2 = f1(u[n])
        k3 = join1(u[n])
        w = 1/2 k1 + 1/2 h k2
        k4 = join2(w)
        k5 = f2(w)
        u[n+1] = 1/2 k3 + 1/4 k4 + 1/4 h k5

    join3, f1, join1, join2 and f2 are `self.f[0]`, `self.f[1]`, `self.f[2]`,
    `self.f[3]` and `self.f[4]`; they keep the shape of what they are given.
    """

    order: int | None = None
    stages = 5
    nfe = 5
    states = ("u[n]",)

    def __init__(self, f: SubNets, *, h: float = 1.0) -> None:
        super().__init__()
        self.f = nn.ModuleList(slot_nets(f, ("join3", "f1", "join1", "join2", "f2")))
        self.h = h

    def forward(self, u: Tensor) -> Tensor:
        """One step, from a tensor of any shape to another."""
        h = self.h
        k1, k2, k3 = together((self.f[0], u), (self.f[1], u), (self.f[2], u))
        w = 0.5 * k1  # 1/2
        w.add_(k2, alpha=0.5 * h)  # 1/2
        del k1, k2
        k4, k5 = together((self.f[3], w), (self.f[4], w))
        u_next = 0.5 * wide(k3)  # 1/2
        u_next.add_(k4, alpha=0.25)  # 1/4
        u_next.add_(k5, alpha=0.25 * h)  # 1/4
        return u_next.to(u.dtype)

    def extra_repr(self) -> str:
        return f"h={self.h}"


def sub_nets(f: SubNet, count: int, name: str = "f") -> Iterator[nn.Module]:
    """The modules of a sequence, one module `count` times, or what a callable builds."""
    if isinstance(f, Sequence | nn.ModuleList) and len(f) != count:
        wanted = f"{count} modules, one for each use"
        raise ValueError(f"{name} must hold {wanted}, not {len(f)}")
    for i in range(count):
        if isinstance(f, Sequence | nn.ModuleList):
            net = f[i]
        elif isinstance(f, nn.Module) or not callable(f):
            net = f
        else:
            net = f()
        if not isinstance(net, nn.Module):
            wanted = "a torch.nn.Module"
            raise TypeError(f"{name} must be, hold or return {wanted}, not {net!r}")
        yield careful(net)


def careful(net: nn.Module) -> nn.Module:
    """The same, beginning with no layer that works in place: others read its argument."""
    dropouts = nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout
    others = nn.Identity, nn.Flatten, nn.Unflatten, nn.FeatureAlphaDropout
    for layer in net.modules():
        if next(layer.children(), None) is None:
            if vars(layer).get("inplace"):
                vars(layer)["inplace"] = False
            if not isinstance(layer, dropouts + others):  # may return what it is given
                break
    return net


def slot_nets(f: SubNets, slots: Sequence[str]) -> Iterator[nn.Module]:
    """One module a set of weights; `slots` tells in order which slot each belongs to."""
    if not isinstance(f, Mapping | nn.ModuleDict):
        yield from sub_nets(f, len(slots))
        return
    if set(f) != set(slots):
        wanted, given = ", ".join(sorted(set(slots))), ", ".join(f)
        raise ValueError(f"f must have one value for each slot, {wanted}, not {given}")
    nets = {slot: sub_nets(f[slot], slots.count(slot)) for slot in f}
    for slot in slots:
        yield next(nets[slot])


def wide(u: Tensor) -> Tensor:
    """In single precision at least: what is summed up there is rounded once."""
    return u.to(torch.promote_types(u.dtype, torch.float32))


Call = tuple[nn.Module, *tuple[Tensor | float, ...]]


def together(*calls: Call) -> list[Tensor]:
    """f(*args) of every call (f, *args); none needs the result of another.

    On a CUDA device each has a stream of its own, in the backward pass, too; the last
    has the current one, which then waits for the others. They are launched in order, so
    random numbers are those of one after the other, which is what happens elsewhere.
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
    finally:  # also if one raised: what has begun still reads memory of this stream
        for stream in beside:
            torch.cuda.current_stream(device).wait_stream(stream)
    return results


def device_of(calls: tuple[Call, ...]) -> torch.device | None:
    """The CUDA device of all arguments; None where the calls must be one after the other.

    Compilers order the kernels themselves. Modules that share a buffer, such as the
    statistics of a BatchNorm, write to it in the order of the calls.
    """
    if torch.compiler.is_compiling() or torch.jit.is_tracing():  # type: ignore[attr-defined]
        return None
    tensors = [v for _, *args in calls for v in args if isinstance(v, Tensor)]
    devices = {tensor.device for tensor in tensors}
    if {device.type for device in devices} != {"cuda"} or len(devices) > 1:
        return None
    buffers = [id(buffer) for f, *_ in calls for buffer in f.buffers()]
    return devices.pop() if len(set(buffers)) == len(buffers) else None


def on_stream(
    stream: torch.cuda.Stream,
    f: nn.Module,
    *args: Tensor | float,
) -> Tensor:
    """f(*args) on `stream`, after what the current stream has been given so far.

    Memory is given back to the stream that it was taken on, and would be used again
    there while the other one, in a backward pass, still reads it: `record_stream`
    holds it.
    """
    here, kind = torch.cuda.current_stream(stream.device), stream.device.type
    stream.wait_stream(here)
    for value in args:
        if isinstance(value, Tensor):
            value.record_stream(stream)
    # A weight that is cast goes into no cache: another stream would find it unwritten.
    cast = torch.autocast(
        kind,
        torch.get_autocast_dtype(kind),
        torch.is_autocast_enabled(kind),
        cache_enabled=False,
    )
    with torch.cuda.stream(stream), cast:
        result: Tensor = f(*args)
    result.record_stream(here)
    return result


@lru_cache(maxsize=64)
def side_streams(device: torch.device, count: int) -> tuple[torch.cuda.Stream, ...]:
    """The same ones every time, for each keeps memory that it alone uses again."""
    return tuple(torch.cuda.Stream(device) for _ in range(count))
