"""Verner 7(6).

method    verner76
source    Verner, SIAM J. Numer. Anal. 15 (1978) 772-790
proof     Order 7: all conditions up to it hold exactly, not all of order 8.
          Embedded order 6: all conditions up to it hold exactly, not all of order 7.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 652ed3e29eb15ba6
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class Verner76(nn.Module):
    """Verner 7(6).

        k1 = f1(u[n])
        k2 = f2(u[n] + 1/12 h k1)
        k3 = f3(u[n] + 1/6 h k2)
        k4 = f4(u[n] + h (1/16 k1 + 3/16 k3))
        k5 = f5(u[n] + h (21/16 k1 - 81/16 k3 + 9/2 k4))
        k6 = f6(u[n] + h [k1, k3, k4, k5])
        k7 = f7(u[n] + h [k1, k3, k4, k5, k6])
        k9 = f8(u[n] + h [k1, k3, k4, k5, k6, k7])
        k10 = f9(u[n] + h [k1, k3, k4, k5, k6, k7, k9])
        u[n+1] = u[n] + h [k1, k4, k5, k6, k7, k9, k10]

    f1 to f9 are `self.f[0]` to `self.f[8]`; they keep the shape of what they are given.
    [k1, k2] stands for a weighted sum; the weights are those in `forward`.

    Where the block changes shape, `transition` maps u[n]; f1 reads u[n] before that,
    and maps to the new shape itself.
    """

    order = 7
    stages = 10
    nfe = 9
    states = ("u[n]",)

    def __init__(
        self,
        f: SubNet,
        *,
        h: float = 1.0,
        transition: SubNet | None = None,
    ) -> None:
        super().__init__()
        self.f = nn.ModuleList(sub_nets(f, 9))
        if transition is None:
            transition = nn.Identity
        (self.transition,) = sub_nets(transition, 1, "transition")
        self.h = h

    def forward(self, u: Tensor) -> Tensor:
        """One step, from a tensor of any shape to another."""
        h = self.h
        k1 = self.f[0](u)
        u = self.transition(u).to(u.dtype)
        Y2 = torch.add(u, k1, alpha=0.08333333333333333 * h)  # 1/12
        k2 = self.f[1](Y2)
        Y3 = torch.add(u, k2, alpha=0.16666666666666666 * h)  # 1/6
        del Y2, k2
        k3 = self.f[2](Y3)
        Y4 = torch.add(u, k1, alpha=0.0625 * h)  # 1/16
        Y4.add_(k3, alpha=0.1875 * h)  # 3/16
        del Y3
        k4 = self.f[3](Y4)
        Y5 = torch.add(u, k1, alpha=1.3125 * h)  # 21/16
        Y5.add_(k3, alpha=-5.0625 * h)  # -81/16
        Y5.add_(k4, alpha=4.5 * h)  # 9/2
        del Y4
        k5 = self.f[4](Y5)
        del Y5
        Y7 = torch.add(u, k1, alpha=-1.4557291666666667 * h)  # -559/384
        Y7.add_(k3, alpha=6 * h)
        Y7.add_(k4, alpha=-4.340425531914893 * h)  # -204/47
        Y7.add_(k5, alpha=0.358974358974359 * h)  # 14/39
        Y9 = torch.add(u, k1, alpha=-0.12358791253126765 * h)  # -12253/99144
        Y9.add_(k3, alpha=0.5925925925925926 * h)  # 16/27
        Y9.add_(k4, alpha=0.034858387799564274 * h)  # 16/459
        Y9.add_(k5, alpha=0.18044926105928286 * h)  # 29072/161109
        Y10 = torch.add(u, k1, alpha=12.148487261146498 * h)  # 30517/2512
        Y10.add_(k3, alpha=-46.47133757961783 * h)  # -7296/157
        Y10.add_(k4, alpha=36.41794281067895 * h)  # 268728/7379
        Y10.add_(k5, alpha=1.2111709946104852 * h)  # 2472/2041
        u_next = torch.add(wide(u), k1, alpha=0.07145337301587301 * h)  # 2881/40320
        u_next.add_(k4, alpha=0.41067207024653835 * h)  # 1216/2961
        u_next.add_(k5, alpha=-0.6407814407814408 * h)  # -2624/4095
        Y6 = torch.add(u, k1, alpha=5.366666267565442 * h)  # 1344688/250563
        Y6.add_(k3, alpha=-20.464122795464615 * h)  # -1709184/83521
        Y6.add_(k4, alpha=16.350762083787313 * h)  # 1365632/83521
        Y6.add_(k5, alpha=-0.31212908529990463 * h)  # -78208/250563
        del k1, k3, k4, k5
        k6 = self.f[5](Y6)
        Y9.add_(k6, alpha=-0.026683022053392423 * h)  # -2023/75816
        Y10.add_(k6, alpha=-0.3278740418681468 * h)  # -3522621/10743824
        u_next.add_(k6, alpha=0.4199088319861496 * h)  # 24137569/57482880
        Y7.add_(k6, alpha=-0.0628196603927987 * h)  # -4913/78208
        del Y6, k6
        k7 = self.f[6](Y7)
        Y10.add_(k7, alpha=0.8407643312101911 * h)  # 132/157
        u_next.add_(k7, alpha=-0.19047619047619047 * h)  # -4/21
        Y9.add_(k7, alpha=0.009037359799887033 * h)  # 112/12393
        del Y7, k7
        k9 = self.f[7](Y9)
        u_next.add_(k9, alpha=1.053826530612245 * h)  # 4131/3920
        Y10.add_(k9, alpha=-2.8191537761601455 * h)  # -12393/4396
        del Y9, k9
        k10 = self.f[8](Y10)
        u_next.add_(k10, alpha=-0.1246031746031746 * h)  # -157/1260
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
