"""Verner 8(9) as printed in the HO-ResNet paper.

method    verner89_as_printed
source    Luo, Sun, Zhou, Wu, Kamata (2021), arXiv:2103.15244, eqs. 14 and 15
proof     Order 0: it misses the condition of order 1.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 019880ea99dd664f
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class Verner89AsPrinted(nn.Module):
    """Verner 8(9) as printed in the HO-ResNet paper.

        k1 = f1(u[n])
        k2 = f2(u[n] + 1/12 h k1)
        k3 = f3(u[n] + h (1/27 k1 + 2/27 k2))
        k4 = f4(u[n] + h (1/24 k1 + 1/8 k3))
        k5 = f5(u[n] + h [k1, k3, k4])
        k6 = f6(u[n] + h [k1, k4, k5])
        k7 = f7(u[n] + h [k1, k4, k5, k6])
        k8 = f8(u[n] + h (2/27 k1 + (16-sqrt(6))/54 k6 + (16+sqrt(6))/54 k7))
        k9 = f9(u[n] + h [k1, k6, k7, k8])
        k10 = f10(u[n] + h [k1, k6, k7, k8, k9])
        k11 = f11(u[n] + h [k1, k7, k8, k9, k10])
        k12 = f12(u[n] + h [k1, k6, k7, k8, k9, k10, k11])
        k13 = f13(u[n] + h [k1, k6, k7, k8, k9, k10, k11, k12])
        k14 = f14(u[n] + h [k1, k6, k7, k8, k9, k10, k11, k12, k13])
        u[n+1] = u[n] + h [k1, k8, k9, k10, k11, k12, k13, k14]

    f1 to f14 are `self.f[0]` to `self.f[13]`; they keep the shape of what they are
    given. [k1, k2] stands for a weighted sum; the weights are those in `forward`.

    Where the block changes shape, `transition` maps u[n]; f1 reads u[n] before that,
    and maps to the new shape itself.
    """

    order = 0
    stages = 14
    nfe = 14
    states = ("u[n]",)

    def __init__(
        self,
        f: SubNet,
        *,
        h: float = 1.0,
        transition: SubNet | None = None,
    ) -> None:
        super().__init__()
        self.f = nn.ModuleList(sub_nets(f, 14))
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
        Y3 = torch.add(u, k1, alpha=0.037037037037037035 * h)  # 1/27
        Y3.add_(k2, alpha=0.07407407407407407 * h)  # 2/27
        del Y2, k2
        k3 = self.f[2](Y3)
        Y4 = torch.add(u, k1, alpha=0.041666666666666664 * h)  # 1/24
        Y4.add_(k3, alpha=0.125 * h)  # 1/8
        del Y3
        k4 = self.f[3](Y4)
        Y5 = torch.add(u, k1, alpha=0.6246720955243167 * h)  # (4+94*sqrt(6))/375
        Y5.add_(k3, alpha=-2.398057107150296 * h)  # (-94-84*sqrt(6))/125
        Y5.add_(k4, alpha=2.220253032035559 * h)  # (328+206*sqrt(6))/375
        del k3, Y4
        k5 = self.f[4](Y5)
        del Y5
        Y7 = torch.add(u, k1, alpha=0.06162164740338976 * h)  # (927-347*sqrt(6))/1250
        Y7.add_(k4, alpha=0.18153182241228044 * h)  # (-16248+7328*sqrt(6))/9375
        Y7.add_(k5, alpha=-0.013477689611149632 * h)  # (-489+179*sqrt(6))/3750
        Y6 = torch.add(u, k1, alpha=0.04367006838144548 * h)  # (9-sqrt(6))/150
        Y6.add_(k4, alpha=0.2739534538730258 * h)  # (312+32*sqrt(6))/1425
        Y6.add_(k5, alpha=0.24567579393107397 * h)  # (69+29*sqrt(6))/570
        del k4, k5
        k6 = self.f[5](Y6)
        Y7.add_(k6, alpha=0.007024903609934228 * h)  # (14268-5798*sqrt(6))/9375
        del Y6
        k7 = self.f[6](Y7)
        Y8 = torch.add(u, k1, alpha=0.07407407407407407 * h)  # 2/27
        Y8.add_(k6, alpha=0.25093537513364483 * h)  # (16-sqrt(6))/54
        Y8.add_(k7, alpha=0.3416572174589477 * h)  # (16+sqrt(6))/54
        del Y7
        k8 = self.f[7](Y8)
        Y9 = torch.add(u, k1, alpha=0.07421875 * h)  # 19/256
        Y9.add_(k6, alpha=0.12043307796091192 * h)  # (118-23*sqrt(6))/512
        Y9.add_(k7, alpha=0.3405044220390881 * h)  # (118+23*sqrt(6))/512
        Y9.add_(k8, alpha=-0.03515625 * h)  # -9/256
        del Y8
        k9 = self.f[8](Y9)
        del Y9
        Y11 = torch.add(u, k1, alpha=0.07112936653166925 * h)  # (5034-271*...(6))/61440
        Y11.add_(k7, alpha=0.378528288890093 * h)  # (7859-1626*sqrt(6))/10240
        Y11.add_(k8, alpha=-0.011746330035023253 * h)  # (-2232+813*sqrt(6))/20480
        Y11.add_(k9, alpha=0.07272054197316799 * h)  # (-594+271*sqrt(6))/960
        Y12 = torch.add(u, k1, alpha=-8.14164 * h)
        Y12.add_(k6, alpha=-574.436 * h)  # -143609/250
        Y12.add_(k7, alpha=847.88 * h)  # 21197/25
        Y12.add_(k8, alpha=113.719 * h)
        Y12.add_(k9, alpha=626.94 * h)  # 31347/50
        Y13 = torch.add(u, k1, alpha=0.0878 * h)
        Y13.add_(k6, alpha=0.69337 * h)
        Y13.add_(k7, alpha=-1.9 * h)  # -19/10
        Y13.add_(k8, alpha=0.23 * h)  # 23/100
        Y13.add_(k9, alpha=-0.69 * h)  # -69/100
        Y14 = torch.add(u, k1, alpha=-0.1 * h)  # -1/10
        Y14.add_(k6, alpha=5.575 * h)  # 223/40
        Y14.add_(k7, alpha=7.486 * h)  # 3743/500
        Y14.add_(k8, alpha=-6.23 * h)  # -623/100
        Y14.add_(k9, alpha=2.27 * h)  # 227/100
        u_next = torch.add(wide(u), k1, alpha=0.06 * h)  # 3/50
        u_next.add_(k8, alpha=-0.19 * h)  # -19/100
        u_next.add_(k9, alpha=0.72 * h)  # 18/25
        Y10 = torch.add(u, k1, alpha=0.0763888888888889 * h)  # 11/144
        Y10.add_(k6, alpha=0.3050353127977046 * h)  # (266-sqrt(6))/864
        Y10.add_(k7, alpha=0.31070542794303607 * h)  # (266+sqrt(6))/864
        Y10.add_(k8, alpha=-0.0625 * h)  # -1/16
        Y10.add_(k9, alpha=-0.2962962962962963 * h)  # -8/27
        del k1, k6, k7, k8, k9
        k10 = self.f[9](Y10)
        Y12.add_(k10, alpha=605.73 * h)  # 60573/100
        Y13.add_(k10, alpha=-0.077 * h)
        Y14.add_(k10, alpha=-4.89 * h)  # -489/100
        u_next.add_(k10, alpha=-0.72 * h)  # -18/25
        Y11.add_(k10, alpha=-0.260631867359907 * h)  # (657-813*sqrt(6))/5120
        del Y10, k10
        k11 = self.f[10](Y11)
        Y13.add_(k11, alpha=2.49 * h)  # 249/100
        Y14.add_(k11, alpha=-4.86 * h)  # -243/50
        u_next.add_(k11, alpha=0.75 * h)  # 3/4
        Y12.add_(k11, alpha=-328.69 * h)  # -32869/100
        del Y11, k11
        k12 = self.f[11](Y12)
        Y14.add_(k12, alpha=-0.0235 * h)
        u_next.add_(k12, alpha=0.0004 * h)
        Y13.add_(k12, alpha=0.0018 * h)
        del Y12, k12
        k13 = self.f[12](Y13)
        u_next.add_(k13, alpha=0.34 * h)  # 17/50
        Y14.add_(k13, alpha=1.78 * h)  # 89/50
        del Y13, k13
        k14 = self.f[13](Y14)
        u_next.add_(k14, alpha=0.032 * h)  # 4/125
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
