"""Dormand-Prince 5(4).

method    dopri54
source    Dormand, Prince, J. Comput. Appl. Math. 6 (1980) 19-26
proof     Order 5: all conditions up to it hold exactly, not all of order 6.
          Embedded order 4: all conditions up to it hold exactly, not all of order 5.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 7cd70e228d3b339e
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class Dopri54(nn.Module):
    """Dormand-Prince 5(4).

        k1 = f1(u[n])
        k2 = f2(u[n] + 1/5 h k1)
        k3 = f3(u[n] + h (3/40 k1 + 9/40 k2))
        k4 = f4(u[n] + h (44/45 k1 - 56/15 k2 + 32/9 k3))
        k5 = f5(u[n] + h [k1, k2, k3, k4])
        k6 = f6(u[n] + h [k1, k2, k3, k4, k5])
        u[n+1] = u[n] + h [k1, k3, k4, k5, k6]

    f1 to f6 are `self.f[0]` to `self.f[5]`; they keep the shape of what they are given.
    [k1, k2] stands for a weighted sum; the weights are those in `forward`.

    Where the block changes shape, `transition` maps u[n]; f1 reads u[n] before that,
    and maps to the new shape itself.
    """

    order = 5
    stages = 7
    nfe = 6
    states = ("u[n]",)

    def __init__(
        self,
        f: SubNet,
        *,
        h: float = 1.0,
        transition: SubNet | None = None,
    ) -> None:
        super().__init__()
        self.f = nn.ModuleList(sub_nets(f, 6))
        if transition is None:
            transition = nn.Identity
        (self.transition,) = sub_nets(transition, 1, "transition")
        self.h = h

    def forward(self, u: Tensor) -> Tensor:
        """One step, from a tensor of any shape to another."""
        h = self.h
        k1 = self.f[0](u)
        u = self.transition(u).to(u.dtype)
        Y2 = torch.add(u, k1, alpha=0.2 * h)  # 1/5
        k2 = self.f[1](Y2)
        Y3 = torch.add(u, k1, alpha=0.075 * h)  # 3/40
        Y3.add_(k2, alpha=0.225 * h)  # 9/40
        del Y2
        k3 = self.f[2](Y3)
        del Y3
        Y5 = torch.add(u, k1, alpha=2.9525986892242035 * h)  # 19372/6561
        Y5.add_(k2, alpha=-11.595793324188385 * h)  # -25360/2187
        Y5.add_(k3, alpha=9.822892851699436 * h)  # 64448/6561
        Y6 = torch.add(u, k1, alpha=2.8462752525252526 * h)  # 9017/3168
        Y6.add_(k2, alpha=-10.757575757575758 * h)  # -355/33
        Y6.add_(k3, alpha=8.906422717743473 * h)  # 46732/5247
        u_next = torch.add(wide(u), k1, alpha=0.09114583333333333 * h)  # 35/384
        u_next.add_(k3, alpha=0.44923629829290207 * h)  # 500/1113
        Y4 = torch.add(u, k1, alpha=0.9777777777777777 * h)  # 44/45
        Y4.add_(k2, alpha=-3.7333333333333334 * h)  # -56/15
        Y4.add_(k3, alpha=3.5555555555555554 * h)  # 32/9
        del k1, k2, k3
        k4 = self.f[3](Y4)
        Y6.add_(k4, alpha=0.2784090909090909 * h)  # 49/176
        u_next.add_(k4, alpha=0.6510416666666666 * h)  # 125/192
        Y5.add_(k4, alpha=-0.2908093278463649 * h)  # -212/729
        del Y4, k4
        k5 = self.f[4](Y5)
        u_next.add_(k5, alpha=-0.322376179245283 * h)  # -2187/6784
        Y6.add_(k5, alpha=-0.2735313036020583 * h)  # -5103/18656
        del Y5, k5
        k6 = self.f[5](Y6)
        u_next.add_(k6, alpha=0.13095238095238096 * h)  # 11/84
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
