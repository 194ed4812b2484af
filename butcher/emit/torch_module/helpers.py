"""Functions that an emitted file carries where it needs them. The same text every time."""

from __future__ import annotations

ONE_SLOT = '''
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
'''

SEVERAL_SLOTS = '''
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
'''

BOUNDED = '''
def bounded(free: Tensor, low: float, high: float) -> Tensor:
    """A smooth map of all numbers into (low, high)."""
    return low + (high - low) * torch.sigmoid(free)


def unbounded(name: str, value: float, low: float, high: float) -> Tensor:
    """What `bounded` maps to `value`, of shape (1,)."""
    if not low < value < high:
        raise ValueError(f"{name} must start inside ({low}, {high}), not at {value}")
    return torch.tensor([(value - low) / (high - value)]).log()
'''

REDRAWN = '''
def redrawn(k: Tensor, forward: Tensor | float, backward: Tensor | float) -> Tensor:
    """forward * k, with the gradient of backward * k; in evaluation they are one number."""
    if not isinstance(forward, Tensor):
        return forward * k
    return backward * k + ((forward - backward) * k).detach()
'''

MAY_SKIP = '''
def may_skip() -> bool:
    """Compilers and several processes want the same evaluations in every step."""
    if torch.compiler.is_compiling() or torch.jit.is_tracing():  # type: ignore[attr-defined]
        return False
    return not (torch.distributed.is_available() and torch.distributed.is_initialized())
'''

TOGETHER = '''
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
'''

WIDE = '''
def wide(u: Tensor) -> Tensor:
    """In single precision at least: what is summed up there is rounded once."""
    return u.to(torch.promote_types(u.dtype, torch.float32))
'''

MOVED = '''
KEEPS_INPUT = (
    nn.Linear,
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.BatchNorm3d,
    nn.LayerNorm,
    nn.GroupNorm,
)


class Moved(torch.autograd.Function):
    """x + h d. The slope in h is read off the result y, as d = (y - x) / h."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, d: Tensor, h: Tensor) -> Tensor:
        return torch.addcmul(x, d, h)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        x, d, h = inputs
        ctx.save_for_backward(x, output, h)
        ctx.save_for_forward(d, h)  # let go of when the forward pass is done

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x, y, h = ctx.saved_tensors
        return g, h * g, (g * (y - x)).sum().reshape(h.shape) / h

    @staticmethod
    def jvp(ctx: Any, x_dot: Tensor, d_dot: Tensor, h_dot: Tensor) -> Tensor:
        d, h = ctx.saved_tensors
        return x_dot + h * d_dot + h_dot * d


def moved(x: Tensor, d: Tensor, h: Tensor, reader: nn.Module | None = None) -> Tensor:
    """x + h d, where bounds keep h away from 0.

    In single and double precision it keeps x and the result for the backward pass, which
    sub-nets keep anyway, instead of d; not if `reader` begins with a layer that may not.
    The slope in h is then exact up to roundings of x, divided by h.
    """
    while isinstance(reader, nn.Sequential) and len(reader):
        reader = reader[0]
    kept = reader is None or isinstance(reader, KEEPS_INPUT)
    exact = x.dtype == d.dtype and x.dtype in (torch.float32, torch.float64)
    traced = torch.compiler.is_compiling() or torch.jit.is_tracing()  # type: ignore[attr-defined]
    if kept and exact and not traced:
        return Moved.apply(x, d, h)
    return torch.addcmul(x, d, h)
'''

AGAIN = '''
def again(f: Any, *args: Tensor | float) -> Any:
    """f(*args), of which training keeps the arguments and evaluates the rest again.

    f is a module or a method of one. Its buffers and random numbers are those of the
    first time then, and afterwards as if there had been no second.
    """
    if torch.compiler.is_exporting() or torch.jit.is_tracing():  # type: ignore[attr-defined]
        return f(*args)
    if torch._C._are_functorch_transforms_active() or not torch.is_grad_enabled():
        return f(*args)
    if torch.compiler.is_compiling():  # a graph changes buffers once
        return checkpoint(f, *args, use_reentrant=False)
    module = getattr(f, "__self__", f)
    weights = list(module.parameters())
    # What `functional_call` lends is gone in backward.
    is_lent = not all(isinstance(w, nn.Parameter) for w in weights)
    # A first call that draws weights cannot be made again.
    is_lazy = any(map(nn.parameter.is_lazy, (*weights, *module.buffers())))
    if is_lent or is_lazy:
        return f(*args)
    before = Before(module)
    contexts = nullcontext(), before
    value = checkpoint(f, *args, use_reentrant=False, context_fn=lambda: contexts)
    before.forget_unchanged()
    return value


class Before:
    """A context in which a module has copies of its buffers, as they were at first."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        found = self.buffers()
        self.then = [(m, name, b, b._version, b.clone()) for m, name, b in found]

    def buffers(self) -> list[tuple[nn.Module, str, Tensor]]:
        parts = ((m, m.named_buffers(recurse=False)) for m in self.module.modules())
        return [(m, name, b) for m, named in parts for name, b in named]

    def forget_unchanged(self) -> None:
        """Running statistics change unseen; in training they decide no value."""
        self.then = [
            (m, name, b, version, value)
            for m, name, b, version, value in self.then
            if getattr(m, name) is not b or b._version != version
        ]

    def __enter__(self) -> None:
        self.now = self.buffers()
        for m, name, b in self.now:
            setattr(m, name, b.clone())
        for m, name, _, _, value in self.then:
            setattr(m, name, value.clone())

    def __exit__(self, *_: object) -> None:
        for m, name, b in self.now:
            setattr(m, name, b)
'''
