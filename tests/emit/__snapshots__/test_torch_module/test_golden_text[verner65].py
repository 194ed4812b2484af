"""Verner 6(5).

method    verner65
source    Verner, SIAM J. Numer. Anal. 15 (1978) 772-790
proof     Order 6: all conditions up to it hold exactly, not all of order 7.
          Embedded order 5: all conditions up to it hold exactly, not all of order 6.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 550226b212483395
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class Verner65(nn.Module):
    """Verner 6(5).

        k1 = f1(u[n])
        k2 = f2(u[n] + 1/18 h k1)
        k3 = f3(u[n] + h (-1/12 k1 + 1/4 k2))
        k4 = f4(u[n] + h (-2/81 k1 + 4/27 k2 + 8/81 k3))
        k5 = f5(u[n] + h (40/33 k1 - 4/11 k2 - 56/11 k3 + 54/11 k4))
        k7 = f6(u[n] + h [k1, k2, k3, k4, k5])
        k8 = f7(u[n] + h [k1, k2, k3, k4, k5, k7])
        u[n+1] = u[n] + h [k1, k3, k4, k5, k7, k8]

    f1 to f7 are `self.f[0]` to `self.f[6]`; they keep the shape of what they are given.
    [k1, k2] stands for a weighted sum; the weights are those in `forward`.

    Where the block changes shape, `transition` maps u[n]; f1 reads u[n] before that,
    and maps to the new shape itself.
    """

    order = 6
    stages = 8
    nfe = 7
    states = ("u[n]",)

    def __init__(
        self,
        f: SubNet,
        *,
        h: float = 1.0,
        transition: SubNet | None = None,
    ) -> None:
        super().__init__()
        self.f = nn.ModuleList(sub_nets(f, 7))
        if transition is None:
            transition = nn.Identity
        (self.transition,) = sub_nets(transition, 1, "transition")
        self.h = h

    def forward(self, u: Tensor) -> Tensor:
        """One step, from a tensor of any shape to another."""
        h = self.h
        k1 = self.f[0](u)
        u = self.transition(u).to(u.dtype)
        Y2 = torch.add(u, k1, alpha=0.05555555555555555 * h)  # 1/18
        k2 = self.f[1](Y2)
        Y3 = torch.add(u, k1, alpha=-0.08333333333333333 * h)  # -1/12
        Y3.add_(k2, alpha=0.25 * h)  # 1/4
        del Y2
        k3 = self.f[2](Y3)
        Y4 = torch.add(u, k1, alpha=-0.024691358024691357 * h)  # -2/81
        Y4.add_(k2, alpha=0.14814814814814814 * h)  # 4/27
        Y4.add_(k3, alpha=0.09876543209876543 * h)  # 8/81
        del Y3
        k4 = self.f[3](Y4)
        del Y4
        Y7 = torch.add(u, k1, alpha=-9.78226711560045 * h)  # -8716/891
        Y7.add_(k2, alpha=2.208754208754209 * h)  # 656/297
        Y7.add_(k3, alpha=44.35465768799102 * h)  # 39520/891
        Y7.add_(k4, alpha=-37.81818181818182 * h)  # -416/11
        Y8 = torch.add(u, k1, alpha=11.77734375 * h)  # 3015/256
        Y8.add_(k2, alpha=-2.25 * h)  # -9/4
        Y8.add_(k3, alpha=-54.08974358974359 * h)  # -4219/78
        Y8.add_(k4, alpha=46.7578125 * h)  # 5985/128
        u_next = torch.add(wide(u), k1, alpha=0.0890625 * h)  # 57/640
        u_next.add_(k3, alpha=-0.24615384615384617 * h)  # -16/65
        u_next.add_(k4, alpha=0.6147321428571428 * h)  # 1377/2240
        Y5 = torch.add(u, k1, alpha=1.2121212121212122 * h)  # 40/33
        Y5.add_(k2, alpha=-0.36363636363636365 * h)  # -4/11
        Y5.add_(k3, alpha=-5.090909090909091 * h)  # -56/11
        Y5.add_(k4, alpha=4.909090909090909 * h)  # 54/11
        del k1, k2, k3, k4
        k5 = self.f[4](Y5)
        Y8.add_(k5, alpha=-1.4036458333333333 * h)  # -539/384
        u_next.add_(k5, alpha=0.378125 * h)  # 121/320
        Y7.add_(k5, alpha=1.9259259259259258 * h)  # 52/27
        del Y5, k5
        k7 = self.f[5](Y7)
        u_next.add_(k7, alpha=0.10709134615384615 * h)  # 891/8320
        Y8.add_(k7, alpha=0.20823317307692307 * h)  # 693/3328
        del Y7, k7
        k8 = self.f[6](Y8)
        u_next.add_(k8, alpha=0.05714285714285714 * h)  # 2/35
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


def wide(u: Tensor) -> Tensor:
    """In single precision at least: what is summed up there is rounded once."""
    return u.to(torch.promote_types(u.dtype, torch.float32))
