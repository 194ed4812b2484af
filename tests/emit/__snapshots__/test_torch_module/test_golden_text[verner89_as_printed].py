"""Verner 8(9) as printed in the HO-ResNet paper.

method    verner89_as_printed
source    Luo, Sun, Zhou, Wu, Kamata (2021), arXiv:2103.15244, eqs. 14 and 15
proof     Order 0: it misses the condition of order 1.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 019880ea99dd664f
"""

from collections.abc import Callable, Iterator, Sequence

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
        k2 = self.f[1](u + 0.08333333333333333 * h * k1)  # 1/12
        Y3 = u + h * (
            0.037037037037037035 * k1  # 1/27
            + 0.07407407407407407 * k2  # 2/27
        )
        k3 = self.f[2](Y3)
        Y4 = u + h * (
            0.041666666666666664 * k1  # 1/24
            + 0.125 * k3  # 1/8
        )
        k4 = self.f[3](Y4)
        Y5 = u + h * (
            0.6246720955243167 * k1  # (4+94*sqrt(6))/375
            - 2.398057107150296 * k3  # (-94-84*sqrt(6))/125
            + 2.220253032035559 * k4  # (328+206*sqrt(6))/375
        )
        k5 = self.f[4](Y5)
        Y6 = u + h * (
            0.04367006838144548 * k1  # (9-sqrt(6))/150
            + 0.2739534538730258 * k4  # (312+32*sqrt(6))/1425
            + 0.24567579393107397 * k5  # (69+29*sqrt(6))/570
        )
        k6 = self.f[5](Y6)
        Y7 = u + h * (
            0.06162164740338976 * k1  # (927-347*sqrt(6))/1250
            + 0.18153182241228044 * k4  # (-16248+7328*sqrt(6))/9375
            - 0.013477689611149632 * k5  # (-489+179*sqrt(6))/3750
            + 0.007024903609934228 * k6  # (14268-5798*sqrt(6))/9375
        )
        k7 = self.f[6](Y7)
        Y8 = u + h * (
            0.07407407407407407 * k1  # 2/27
            + 0.25093537513364483 * k6  # (16-sqrt(6))/54
            + 0.3416572174589477 * k7  # (16+sqrt(6))/54
        )
        k8 = self.f[7](Y8)
        Y9 = u + h * (
            0.07421875 * k1  # 19/256
            + 0.12043307796091192 * k6  # (118-23*sqrt(6))/512
            + 0.3405044220390881 * k7  # (118+23*sqrt(6))/512
            - 0.03515625 * k8  # -9/256
        )
        k9 = self.f[8](Y9)
        Y10 = u + h * (
            0.0763888888888889 * k1  # 11/144
            + 0.3050353127977046 * k6  # (266-sqrt(6))/864
            + 0.31070542794303607 * k7  # (266+sqrt(6))/864
            - 0.0625 * k8  # -1/16
            - 0.2962962962962963 * k9  # -8/27
        )
        k10 = self.f[9](Y10)
        Y11 = u + h * (
            0.07112936653166925 * k1  # (5034-271*sqrt(6))/61440
            + 0.378528288890093 * k7  # (7859-1626*sqrt(6))/10240
            - 0.011746330035023253 * k8  # (-2232+813*sqrt(6))/20480
            + 0.07272054197316799 * k9  # (-594+271*sqrt(6))/960
            - 0.260631867359907 * k10  # (657-813*sqrt(6))/5120
        )
        k11 = self.f[10](Y11)
        Y12 = u + h * (
            -8.14164 * k1
            - 574.436 * k6  # -143609/250
            + 847.88 * k7  # 21197/25
            + 113.719 * k8
            + 626.94 * k9  # 31347/50
            + 605.73 * k10  # 60573/100
            - 328.69 * k11  # -32869/100
        )
        k12 = self.f[11](Y12)
        Y13 = u + h * (
            0.0878 * k1
            + 0.69337 * k6
            - 1.9 * k7  # -19/10
            + 0.23 * k8  # 23/100
            - 0.69 * k9  # -69/100
            - 0.077 * k10
            + 2.49 * k11  # 249/100
            + 0.0018 * k12
        )
        k13 = self.f[12](Y13)
        Y14 = u + h * (
            -0.1 * k1  # -1/10
            + 5.575 * k6  # 223/40
            + 7.486 * k7  # 3743/500
            - 6.23 * k8  # -623/100
            + 2.27 * k9  # 227/100
            - 4.89 * k10  # -489/100
            - 4.86 * k11  # -243/50
            - 0.0235 * k12
            + 1.78 * k13  # 89/50
        )
        k14 = self.f[13](Y14)
        u_next = u + h * (
            0.06 * k1  # 3/50
            - 0.19 * k8  # -19/100
            + 0.72 * k9  # 18/25
            - 0.72 * k10  # -18/25
            + 0.75 * k11  # 3/4
            + 0.0004 * k12
            + 0.34 * k13  # 17/50
            + 0.032 * k14  # 4/125
        )
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
        yield net
