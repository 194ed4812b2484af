"""SkipInit.

method    skipinit
source    De, Smith (2020), arXiv:2002.10444
proof     Order 0: it misses the condition of order 1.
          Verified at a = 0.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 58a569bf3df0cebf
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class Skipinit(nn.Module):
    """SkipInit.

        k1 = f(u[n])
        u[n+1] = u[n] + a h k1

    f is `self.f[0]`; it keeps the shape of what it is given.

    Where the block changes shape, `transition` maps u[n]; f reads u[n] before that, and
    maps to the new shape itself.

    a is trained.
    """

    order = 0
    stages = 1
    nfe = 1
    states = ("u[n]",)

    def __init__(
        self,
        f: SubNet,
        *,
        h: float = 1.0,
        a: float = 0.0,
        transition: SubNet | None = None,
    ) -> None:
        super().__init__()
        self.f = nn.ModuleList(sub_nets(f, 1))
        if transition is None:
            transition = nn.Identity
        (self.transition,) = sub_nets(transition, 1, "transition")
        self.h = h
        self.a = nn.Parameter(torch.tensor([float(a)]))

    def forward(self, u: Tensor) -> Tensor:
        """One step, from a tensor of any shape but () to another."""
        h = self.h
        a = self.a.to(u.dtype)
        k1 = self.f[0](u)
        u = self.transition(u).to(u.dtype)
        u_next = torch.addcmul(u, k1, a * h)
        return u_next.to(u.dtype)

    def extra_repr(self) -> str:
        return f"h={self.h}, a learned"


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
