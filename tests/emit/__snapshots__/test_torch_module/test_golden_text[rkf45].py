"""Runge-Kutta-Fehlberg 4(5).

method    rkf45
source    Fehlberg, NASA TR R-315 (1969)
proof     Order 4: all conditions up to it hold exactly, not all of order 5.
          Embedded order 5: all conditions up to it hold exactly, not all of order 6.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest f288e0b8f7aae251
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class Rkf45(nn.Module):
    """Runge-Kutta-Fehlberg 4(5).

        k1 = f1(u[n])
        k2 = f2(u[n] + 1/4 h k1)
        k3 = f3(u[n] + h (3/32 k1 + 9/32 k2))
        k4 = f4(u[n] + h (1932/2197 k1 - 7200/2197 k2 + 7296/2197 k3))
        k5 = f5(u[n] + h (439/216 k1 - 8 k2 + 3680/513 k3 - 845/4104 k4))
        u[n+1] = u[n] + h (25/216 k1 + 1408/2565 k3 + 2197/4104 k4 - 1/5 k5)

    f1 to f5 are `self.f[0]` to `self.f[4]`; they keep the shape of what they are given.

    Where the block changes shape, `transition` maps u[n]; f1 reads u[n] before that,
    and maps to the new shape itself.
    """

    order = 4
    stages = 6
    nfe = 5
    states = ("u[n]",)

    def __init__(
        self,
        f: SubNet,
        *,
        h: float = 1.0,
        transition: SubNet | None = None,
    ) -> None:
        super().__init__()
        self.f = nn.ModuleList(sub_nets(f, 5))
        if transition is None:
            transition = nn.Identity
        (self.transition,) = sub_nets(transition, 1, "transition")
        self.h = h

    def forward(self, u: Tensor) -> Tensor:
        """One step, from a tensor of any shape to another."""
        h = self.h
        k1 = self.f[0](u)
        u = self.transition(u).to(u.dtype)
        Y2 = torch.add(u, k1, alpha=0.25 * h)  # 1/4
        k2 = self.f[1](Y2)
        Y3 = torch.add(u, k1, alpha=0.09375 * h)  # 3/32
        Y3.add_(k2, alpha=0.28125 * h)  # 9/32
        del Y2
        k3 = self.f[2](Y3)
        del Y3
        Y5 = torch.add(u, k1, alpha=2.0324074074074074 * h)  # 439/216
        Y5.add_(k2, alpha=-8 * h)
        Y5.add_(k3, alpha=7.173489278752436 * h)  # 3680/513
        u_next = torch.add(wide(u), k1, alpha=0.11574074074074074 * h)  # 25/216
        u_next.add_(k3, alpha=0.5489278752436647 * h)  # 1408/2565
        Y4 = torch.add(u, k1, alpha=0.8793809740555303 * h)  # 1932/2197
        Y4.add_(k2, alpha=-3.277196176604461 * h)  # -7200/2197
        Y4.add_(k3, alpha=3.3208921256258535 * h)  # 7296/2197
        del k1, k2, k3
        k4 = self.f[3](Y4)
        u_next.add_(k4, alpha=0.5353313840155945 * h)  # 2197/4104
        Y5.add_(k4, alpha=-0.20589668615984405 * h)  # -845/4104
        del Y4, k4
        k5 = self.f[4](Y5)
        u_next.add_(k5, alpha=-0.2 * h)  # -1/5
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
