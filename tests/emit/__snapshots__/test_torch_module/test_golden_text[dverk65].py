"""Verner 6(5) of DVERK.

method    dverk65
source    Verner, SIAM J. Numer. Anal. 15 (1978) 772-790; Hull, Enright, Jackson, DVERK
          (1976)
proof     Order 6: all conditions up to it hold exactly, not all of order 7.
          Embedded order 5: all conditions up to it hold exactly, not all of order 6.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 93a348bbc431fa45
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class Dverk65(nn.Module):
    """Verner 6(5) of DVERK.

        k1 = f1(u[n])
        k2 = f2(u[n] + 1/6 h k1)
        k3 = f3(u[n] + h (4/75 k1 + 16/75 k2))
        k4 = f4(u[n] + h (5/6 k1 - 8/3 k2 + 5/2 k3))
        k5 = f5(u[n] + h (-165/64 k1 + 55/6 k2 - 425/64 k3 + 85/96 k4))
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
        Y2 = torch.add(u, k1, alpha=0.16666666666666666 * h)  # 1/6
        k2 = self.f[1](Y2)
        Y3 = torch.add(u, k1, alpha=0.05333333333333334 * h)  # 4/75
        Y3.add_(k2, alpha=0.21333333333333335 * h)  # 16/75
        del Y2
        k3 = self.f[2](Y3)
        Y4 = torch.add(u, k1, alpha=0.8333333333333334 * h)  # 5/6
        Y4.add_(k2, alpha=-2.6666666666666665 * h)  # -8/3
        Y4.add_(k3, alpha=2.5 * h)  # 5/2
        del Y3
        k4 = self.f[3](Y4)
        del Y4
        Y7 = torch.add(u, k1, alpha=-0.5508666666666666 * h)  # -8263/15000
        Y7.add_(k2, alpha=1.6533333333333333 * h)  # 124/75
        Y7.add_(k3, alpha=-0.9455882352941176 * h)  # -643/680
        Y7.add_(k4, alpha=-0.324 * h)  # -81/250
        Y8 = torch.add(u, k1, alpha=2.03546511627907 * h)  # 3501/1720
        Y8.add_(k2, alpha=-6.976744186046512 * h)  # -300/43
        Y8.add_(k3, alpha=5.648179814561484 * h)  # 297275/52632
        Y8.add_(k4, alpha=-0.13738156761412576 * h)  # -319/2322
        u_next = torch.add(wide(u), k1, alpha=0.075 * h)  # 3/40
        u_next.add_(k3, alpha=0.3899286987522282 * h)  # 875/2244
        u_next.add_(k4, alpha=0.3194444444444444 * h)  # 23/72
        Y5 = torch.add(u, k1, alpha=-2.578125 * h)  # -165/64
        Y5.add_(k2, alpha=9.166666666666666 * h)  # 55/6
        Y5.add_(k3, alpha=-6.640625 * h)  # -425/64
        Y5.add_(k4, alpha=0.8854166666666666 * h)  # 85/96
        del k1, k2, k3, k4
        k5 = self.f[4](Y5)
        Y8.add_(k5, alpha=0.2863022661036103 * h)  # 24068/84065
        u_next.add_(k5, alpha=0.1350383631713555 * h)  # 264/1955
        Y7.add_(k5, alpha=0.23378823529411766 * h)  # 2484/10625
        del Y5, k5
        k7 = self.f[5](Y7)
        u_next.add_(k7, alpha=0.010783298826777088 * h)  # 125/11592
        Y8.add_(k7, alpha=0.1441785567164738 * h)  # 3850/26703
        del Y7, k7
        k8 = self.f[6](Y8)
        u_next.add_(k8, alpha=0.0698051948051948 * h)  # 43/616
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
