"""PolyNet 2-way.

method    polynet_2way
source    Zhang, Li, Loy, Lin (2017), PolyNet
proof     Order 1: all conditions up to it hold exactly, not all of order 2.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 8d4c535c4d832388
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]
SubNets = SubNet | Mapping[str, SubNet]


class Polynet2way(nn.Module):
    """PolyNet 2-way.

        k1 = f(u[n])
        k2 = g(u[n])
        u[n+1] = u[n] + h (k1 + k2)

    f and g are `self.f[0]` and `self.f[1]`; they keep the shape of what they are given.

    Where the block changes shape, `transition` maps u[n]; f and g read u[n] before
    that, and map to the new shape themselves.
    """

    order = 1
    stages = 2
    nfe = 2
    states = ("u[n]",)

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
        (self.transition,) = sub_nets(transition, 1, "transition")
        self.h = h

    def forward(self, u: Tensor) -> Tensor:
        """One step, from a tensor of any shape to another."""
        h = self.h
        k1 = self.f[0](u)
        Pu = self.transition(u).to(u.dtype)
        u_next = torch.add(wide(Pu), k1, alpha=h)
        del k1
        k2 = self.f[1](u)
        u_next.add_(k2, alpha=h)
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
