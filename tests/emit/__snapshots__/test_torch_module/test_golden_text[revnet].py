"""RevNet.

method    revnet
source    Gomez, Ren, Urtasun, Grosse (2017), The Reversible Residual Network
proof     Order 1: all conditions up to it hold exactly, not all of order 2.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 256d893604a79613
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]
SubNets = SubNet | Mapping[str, SubNet]


class Revnet(nn.Module):
    """RevNet.

        k1 = f(y[n])
        x[n+1] = x[n] + h k1
        k2 = g(x[n+1])
        y[n+1] = y[n] + h k2

    f and g are `self.f[0]` and `self.f[1]`; they keep the shape of what they are given.

    In and out goes the tuple (x[n], y[n]); `start` makes the first.

    Where the block changes shape, `transition` maps x[n] and y[n]; f reads y[n] before
    that, and maps to the new shape itself.
    """

    order = 1
    stages = 2
    nfe = 2
    states = ("x[n]", "y[n]")

    def __init__(
        self,
        f: SubNets,
        *,
        h: float = 1.0,
        transition: SubNet | None = None,
    ) -> None:
        super().__init__()
        self.f = nn.ModuleList(slot_nets(f, ("f", "g")))
        if transition is None:
            transition = nn.Identity
        self.transition = nn.ModuleList(sub_nets(transition, 2, "transition"))
        self.h = h

    def forward(self, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """One step, from tensors of any shape, the same for all, to others."""
        x, y = state
        h = self.h
        k1 = self.f[0](y)
        x = self.transition[0](x).to(x.dtype)
        y = self.transition[1](y).to(y.dtype)
        x_next = torch.add(x, k1, alpha=h)
        del k1
        k2 = self.f[1](x_next)
        y_next = torch.add(y, k2, alpha=h)
        return x_next.to(x.dtype), y_next.to(y.dtype)

    def start(self, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The state before the first block: what is not given is as the first."""
        y = x if y is None else y
        return x, y

    def inverse(self, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """The state before the step to this one; in evaluation mode."""
        if not all(isinstance(p, nn.Identity) for p in self.transition):
            raise RuntimeError("a block with a transition has no inverse")
        x_next, y_next = state
        h = self.h
        k2 = self.f[1](x_next)
        y = torch.add(y_next, k2, alpha=-h)
        k1 = self.f[0](y)
        x = torch.add(x_next, k1, alpha=-h)
        return x.to(x_next.dtype), y.to(x_next.dtype)

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
