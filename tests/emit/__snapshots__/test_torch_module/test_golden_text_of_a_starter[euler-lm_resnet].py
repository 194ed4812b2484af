"""Forward Euler.

method    euler
source    Euler, Institutionum calculi integralis I (1768)
proof     Order 1: all conditions up to it hold exactly, not all of order 2.
options   step fixed, weights per stage, starts lm_resnet (digest 2b6bec7a6d4d999d)
made by   butcher 0 from a scheme with digest f4b5a069bf56a9cb
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class EulerStartsLmResnet(nn.Module):
    """Forward Euler.

        k1 = f(u[n])
        u[n+1] = u[n] + h k1

    f is `self.f[0]`; it keeps the shape of what it is given.

    In and out goes the tuple (u[n], u[n-1]) of lm_resnet, which this block starts;
    `start` makes the first.

    Where the block changes shape, `transition` maps u[n]; f reads u[n] before that, and
    maps to the new shape itself.
    """

    order = 1
    stages = 1
    nfe = 1
    states = ("u[n]", "u[n-1]")

    def __init__(
        self,
        f: SubNet,
        *,
        h: float = 1.0,
        transition: SubNet | None = None,
    ) -> None:
        super().__init__()
        self.f = nn.ModuleList(sub_nets(f, 1))
        if transition is None:
            transition = nn.Identity
        self.transition = nn.ModuleList(sub_nets(transition, 2, "transition"))
        self.transition[1] = nn.Identity()  # u[n-1] is not handed on
        self.h = h

    def forward(self, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """One step, from tensors of any shape, the same for all, to others."""
        u, _1 = state
        h = self.h
        k1 = self.f[0](u)
        u = self.transition[0](u).to(u.dtype)
        u_next = torch.add(u, k1, alpha=h)
        return u_next.to(u.dtype), u

    def start(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """The state before the first block: earlier values are the same."""
        return u, u

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
