"""SSPRK(10,4).

method    ssprk104
source    Ketcheson, SIAM J. Sci. Comput. 30 (2008) 2113-2136
proof     Order 4: all conditions up to it hold exactly, not all of order 5.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 0be54f2bf5564be1
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class Ssprk104(nn.Module):
    """SSPRK(10,4).

        k1 = f1(u[n])
        k2 = f2(u[n] + 1/6 h k1)
        k3 = f3(u[n] + h (1/6 k1 + 1/6 k2))
        k4 = f4(u[n] + h (1/6 k1 + 1/6 k2 + 1/6 k3))
        k5 = f5(u[n] + h (1/6 k1 + 1/6 k2 + 1/6 k3 + 1/6 k4))
        k6 = f6(u[n] + h (1/15 k1 + 1/15 k2 + 1/15 k3 + 1/15 k4 + 1/15 k5))
        k7 = f7(u[n] + h [k1, k2, k3, k4, k5, k6])
        k8 = f8(u[n] + h [k1, k2, k3, k4, k5, k6, k7])
        k9 = f9(u[n] + h [k1, k2, k3, k4, k5, k6, k7, k8])
        k10 = f10(u[n] + h [k1, k2, k3, k4, k5, k6, k7, k8, k9])
        u[n+1] = u[n] + h [k1, k2, k3, k4, k5, k6, k7, k8, k9, k10]

    f1 to f10 are `self.f[0]` to `self.f[9]`; they keep the shape of what they are
    given. [k1, k2] stands for a weighted sum; the weights are those in `forward`.

    Where the block changes shape, `transition` maps u[n]; f1 reads u[n] before that,
    and maps to the new shape itself.
    """

    order = 4
    stages = 10
    nfe = 10
    states = ("u[n]",)

    def __init__(
        self,
        f: SubNet,
        *,
        h: float = 1.0,
        transition: SubNet | None = None,
    ) -> None:
        super().__init__()
        self.f = nn.ModuleList(sub_nets(f, 10))
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
        Y3 = torch.add(u, k1, alpha=0.16666666666666666 * h)  # 1/6
        Y3.add_(k2, alpha=0.16666666666666666 * h)  # 1/6
        del Y2
        k3 = self.f[2](Y3)
        Y4 = torch.add(u, k1, alpha=0.16666666666666666 * h)  # 1/6
        Y4.add_(k2, alpha=0.16666666666666666 * h)  # 1/6
        Y4.add_(k3, alpha=0.16666666666666666 * h)  # 1/6
        del Y3
        k4 = self.f[3](Y4)
        Y5 = torch.add(u, k1, alpha=0.16666666666666666 * h)  # 1/6
        Y5.add_(k2, alpha=0.16666666666666666 * h)  # 1/6
        Y5.add_(k3, alpha=0.16666666666666666 * h)  # 1/6
        Y5.add_(k4, alpha=0.16666666666666666 * h)  # 1/6
        del Y4
        k5 = self.f[4](Y5)
        del Y5
        Y7 = torch.add(u, k1, alpha=0.06666666666666667 * h)  # 1/15
        Y7.add_(k2, alpha=0.06666666666666667 * h)  # 1/15
        Y7.add_(k3, alpha=0.06666666666666667 * h)  # 1/15
        Y7.add_(k4, alpha=0.06666666666666667 * h)  # 1/15
        Y7.add_(k5, alpha=0.06666666666666667 * h)  # 1/15
        Y8 = torch.add(u, k1, alpha=0.06666666666666667 * h)  # 1/15
        Y8.add_(k2, alpha=0.06666666666666667 * h)  # 1/15
        Y8.add_(k3, alpha=0.06666666666666667 * h)  # 1/15
        Y8.add_(k4, alpha=0.06666666666666667 * h)  # 1/15
        Y8.add_(k5, alpha=0.06666666666666667 * h)  # 1/15
        Y9 = torch.add(u, k1, alpha=0.06666666666666667 * h)  # 1/15
        Y9.add_(k2, alpha=0.06666666666666667 * h)  # 1/15
        Y9.add_(k3, alpha=0.06666666666666667 * h)  # 1/15
        Y9.add_(k4, alpha=0.06666666666666667 * h)  # 1/15
        Y9.add_(k5, alpha=0.06666666666666667 * h)  # 1/15
        Y10 = torch.add(u, k1, alpha=0.06666666666666667 * h)  # 1/15
        Y10.add_(k2, alpha=0.06666666666666667 * h)  # 1/15
        Y10.add_(k3, alpha=0.06666666666666667 * h)  # 1/15
        Y10.add_(k4, alpha=0.06666666666666667 * h)  # 1/15
        Y10.add_(k5, alpha=0.06666666666666667 * h)  # 1/15
        u_next = torch.add(wide(u), k1, alpha=0.1 * h)  # 1/10
        u_next.add_(k2, alpha=0.1 * h)  # 1/10
        u_next.add_(k3, alpha=0.1 * h)  # 1/10
        u_next.add_(k4, alpha=0.1 * h)  # 1/10
        u_next.add_(k5, alpha=0.1 * h)  # 1/10
        Y6 = torch.add(u, k1, alpha=0.06666666666666667 * h)  # 1/15
        Y6.add_(k2, alpha=0.06666666666666667 * h)  # 1/15
        Y6.add_(k3, alpha=0.06666666666666667 * h)  # 1/15
        Y6.add_(k4, alpha=0.06666666666666667 * h)  # 1/15
        Y6.add_(k5, alpha=0.06666666666666667 * h)  # 1/15
        del k1, k2, k3, k4, k5
        k6 = self.f[5](Y6)
        Y8.add_(k6, alpha=0.16666666666666666 * h)  # 1/6
        Y9.add_(k6, alpha=0.16666666666666666 * h)  # 1/6
        Y10.add_(k6, alpha=0.16666666666666666 * h)  # 1/6
        u_next.add_(k6, alpha=0.1 * h)  # 1/10
        Y7.add_(k6, alpha=0.16666666666666666 * h)  # 1/6
        del Y6, k6
        k7 = self.f[6](Y7)
        Y9.add_(k7, alpha=0.16666666666666666 * h)  # 1/6
        Y10.add_(k7, alpha=0.16666666666666666 * h)  # 1/6
        u_next.add_(k7, alpha=0.1 * h)  # 1/10
        Y8.add_(k7, alpha=0.16666666666666666 * h)  # 1/6
        del Y7, k7
        k8 = self.f[7](Y8)
        Y10.add_(k8, alpha=0.16666666666666666 * h)  # 1/6
        u_next.add_(k8, alpha=0.1 * h)  # 1/10
        Y9.add_(k8, alpha=0.16666666666666666 * h)  # 1/6
        del Y8, k8
        k9 = self.f[8](Y9)
        u_next.add_(k9, alpha=0.1 * h)  # 1/10
        Y10.add_(k9, alpha=0.16666666666666666 * h)  # 1/6
        del Y9, k9
        k10 = self.f[9](Y10)
        u_next.add_(k10, alpha=0.1 * h)  # 1/10
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
