"""ReZero.

method    rezero
source    Bachlechner, Majumder, Mao, Cottrell, McAuley (2020), arXiv:2003.04887
proof     Order 1: all conditions up to it hold exactly, not all of order 2.
options   step learned, weights per stage
made by   butcher 0 from a scheme with digest 9c671ab13cccb6f2
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class Rezero(nn.Module):
    """ReZero.

        k1 = f(u[n])
        u[n+1] = u[n] + h k1

    f is `self.f[0]`; it keeps the shape of what it is given.

    Where the block changes shape, `transition` maps u[n]; f reads u[n] before that, and
    maps to the new shape itself.

    h is trained.
    """

    order = 1
    stages = 1
    nfe = 1
    states = ("u[n]",)

    def __init__(
        self,
        f: SubNet,
        *,
        h: float = 0.0,
        transition: SubNet | None = None,
    ) -> None:
        super().__init__()
        self.f = nn.ModuleList(sub_nets(f, 1))
        if transition is None:
            transition = nn.Identity
        (self.transition,) = sub_nets(transition, 1, "transition")
        self.h = nn.Parameter(torch.tensor([float(h)]))

    def forward(self, u: Tensor) -> Tensor:
        """One step, from a tensor of any shape but () to another."""
        h = self.h.to(u.dtype)
        k1 = self.f[0](u)
        u = self.transition(u).to(u.dtype)
        u_next = torch.addcmul(u, k1, h)
        return u_next.to(u.dtype)

    def extra_repr(self) -> str:
        return "h learned"


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
