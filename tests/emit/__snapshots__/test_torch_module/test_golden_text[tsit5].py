"""Tsitouras 5(4).

method    tsit5
source    Tsitouras, Comput. Math. Appl. 62 (2011) 770-775
proof     Order 5: all conditions up to it hold to the digits printed, not all of order
          6.
          Embedded order 4: all conditions up to it hold to the digits printed, not all
          of order 5.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 45ef74a9f775267c
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class Tsit5(nn.Module):
    """Tsitouras 5(4).

        k1 = f1(u[n])
        k2 = f2(u[n] + 0.161 h k1)
        k3 = f3(u[n] + h [k1, k2])
        k4 = f4(u[n] + h [k1, k2, k3])
        k5 = f5(u[n] + h [k1, k2, k3, k4])
        k6 = f6(u[n] + h [k1, k2, k3, k4, k5])
        u[n+1] = u[n] + h [k1, k2, k3, k4, k5, k6]

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
        Y2 = torch.add(u, k1, alpha=0.161 * h)
        k2 = self.f[1](Y2)
        Y3 = torch.add(u, k1, alpha=-0.008480655492356989 * h)  # -0.008480...6943
        Y3.add_(k2, alpha=0.335480655492357 * h)  # 0.335480...1569
        del Y2
        k3 = self.f[2](Y3)
        del Y3
        Y5 = torch.add(u, k1, alpha=5.325864828439257 * h)  # 5.325864...1791
        Y5.add_(k2, alpha=-11.748883564062828 * h)  # -11.748883...1589
        Y5.add_(k3, alpha=7.4955393428898365 * h)  # 7.495539...9753
        Y6 = torch.add(u, k1, alpha=5.86145544294642 * h)  # 5.861455...9748
        Y6.add_(k2, alpha=-12.92096931784711 * h)  # -12.920969...4452
        Y6.add_(k3, alpha=8.159367898576159 * h)  # 8.159367...4986
        u_next = torch.add(wide(u), k1, alpha=0.09646076681806523 * h)  # 0.0964...396
        u_next.add_(k2, alpha=0.01 * h)  # 1/100
        u_next.add_(k3, alpha=0.4798896504144996 * h)  # 0.479889...3509
        Y4 = torch.add(u, k1, alpha=2.8971530571054935 * h)  # 2.897153...9289
        Y4.add_(k2, alpha=-6.359448489975075 * h)  # -6.359448...4366
        Y4.add_(k3, alpha=4.3622954328695815 * h)  # 4.362295...5077
        del k1, k2, k3
        k4 = self.f[3](Y4)
        Y6.add_(k4, alpha=-0.071584973281401 * h)  # -0.071584...8835
        u_next.add_(k4, alpha=1.379008574103742 * h)  # 1.379008...3331
        Y5.add_(k4, alpha=-0.09249506636175525 * h)  # -0.092495...9635
        del Y4, k4
        k5 = self.f[4](Y5)
        u_next.add_(k5, alpha=-3.290069515436081 * h)  # -3.290069...1677
        Y6.add_(k5, alpha=-0.028269050394068383 * h)  # -0.028269...2206
        del Y5, k5
        k6 = self.f[5](Y6)
        u_next.add_(k6, alpha=2.324710524099774 * h)  # 2.324710...7841
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
