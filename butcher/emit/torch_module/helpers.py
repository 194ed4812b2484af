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
        yield net
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
    if torch.compiler.is_compiling() or torch.jit.is_tracing():
        return False
    return not (torch.distributed.is_available() and torch.distributed.is_initialized())
'''
