"""Cash-Karp 5(4).

method    cashkarp45
source    Cash, Karp, ACM Trans. Math. Software 16 (1990) 201-222
proof     Order 5: all conditions up to it hold exactly, not all of order 6.
          Embedded order 4: all conditions up to it hold exactly, not all of order 5.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 17b0a779d4f770dd
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class Cashkarp45(nn.Module):
    """Cash-Karp 5(4).

        k1 = f1(u[n])
        k2 = f2(u[n] + 1/5 h k1)
        k3 = f3(u[n] + h (3/40 k1 + 9/40 k2))
        k4 = f4(u[n] + h (3/10 k1 - 9/10 k2 + 6/5 k3))
        k5 = f5(u[n] + h (-11/54 k1 + 5/2 k2 - 70/27 k3 + 35/27 k4))
        k6 = f6(u[n] + h [k1, k2, k3, k4, k5])
        u[n+1] = u[n] + h (37/378 k1 + 250/621 k3 + 125/594 k4 + 512/1771 k6)

    f1 to f6 are `self.f[0]` to `self.f[5]`; they keep the shape of what they are given.
    [k1, k2] stands for a weighted sum; the weights are those in `forward`.

    Where the block changes shape, `transition` maps u[n]; f1 reads u[n] before that,
    and maps to the new shape itself.
    """

    order = 5
    stages = 6
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
        Y5 = torch.add(u, k1, alpha=-0.2037037037037037 * h)  # -11/54
        Y5.add_(k2, alpha=2.5 * h)  # 5/2
        Y5.add_(k3, alpha=-2.5925925925925926 * h)  # -70/27
        Y6 = torch.add(u, k1, alpha=0.029495804398148147 * h)  # 1631/55296
        Y6.add_(k2, alpha=0.341796875 * h)  # 175/512
        Y6.add_(k3, alpha=0.041594328703703706 * h)  # 575/13824
        u_next = torch.add(wide(u), k1, alpha=0.09788359788359788 * h)  # 37/378
        u_next.add_(k3, alpha=0.4025764895330113 * h)  # 250/621
        Y4 = torch.add(u, k1, alpha=0.3 * h)  # 3/10
        Y4.add_(k2, alpha=-0.9 * h)  # -9/10
        Y4.add_(k3, alpha=1.2 * h)  # 6/5
        del k1, k2, k3
        k4 = self.f[3](Y4)
        Y6.add_(k4, alpha=0.40034541377314814 * h)  # 44275/110592
        u_next.add_(k4, alpha=0.21043771043771045 * h)  # 125/594
        Y5.add_(k4, alpha=1.2962962962962963 * h)  # 35/27
        del Y4, k4
        k5 = self.f[4](Y5)
        Y6.add_(k5, alpha=0.061767578125 * h)  # 253/4096
        del Y5, k5
        k6 = self.f[5](Y6)
        u_next.add_(k6, alpha=0.2891022021456804 * h)  # 512/1771
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
