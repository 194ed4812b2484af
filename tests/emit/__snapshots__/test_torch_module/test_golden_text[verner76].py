"""Verner 7(6).

method    verner76
source    Verner, SIAM J. Numer. Anal. 15 (1978) 772-790
proof     Order 7: all conditions up to it hold exactly, not all of order 8.
          Embedded order 6: all conditions up to it hold exactly, not all of order 7.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 652ed3e29eb15ba6
"""

from collections.abc import Callable, Iterator, Sequence

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
        k2 = self.f[1](u + 0.08333333333333333 * h * k1)  # 1/12
        k3 = self.f[2](u + 0.16666666666666666 * h * k2)  # 1/6
        k4 = self.f[3](u + h * (0.0625 * k1 + 0.1875 * k3))  # u + h (1/16 k1 + 3/16 k3)
        Y5 = u + h * (
            1.3125 * k1  # 21/16
            - 5.0625 * k3  # -81/16
            + 4.5 * k4  # 9/2
        )
        k5 = self.f[4](Y5)
        Y6 = u + h * (
            5.366666267565442 * k1  # 1344688/250563
            - 20.464122795464615 * k3  # -1709184/83521
            + 16.350762083787313 * k4  # 1365632/83521
            - 0.31212908529990463 * k5  # -78208/250563
        )
        k6 = self.f[5](Y6)
        Y7 = u + h * (
            -1.4557291666666667 * k1  # -559/384
            + 6 * k3
            - 4.340425531914893 * k4  # -204/47
            + 0.358974358974359 * k5  # 14/39
            - 0.0628196603927987 * k6  # -4913/78208
        )
        k7 = self.f[6](Y7)
        Y9 = u + h * (
            -0.12358791253126765 * k1  # -12253/99144
            + 0.5925925925925926 * k3  # 16/27
            + 0.034858387799564274 * k4  # 16/459
            + 0.18044926105928286 * k5  # 29072/161109
            - 0.026683022053392423 * k6  # -2023/75816
            + 0.009037359799887033 * k7  # 112/12393
        )
        k9 = self.f[7](Y9)
        Y10 = u + h * (
            12.148487261146498 * k1  # 30517/2512
            - 46.47133757961783 * k3  # -7296/157
            + 36.41794281067895 * k4  # 268728/7379
            + 1.2111709946104852 * k5  # 2472/2041
            - 0.3278740418681468 * k6  # -3522621/10743824
            + 0.8407643312101911 * k7  # 132/157
            - 2.8191537761601455 * k9  # -12393/4396
        )
        k10 = self.f[8](Y10)
        u_next = u + h * (
            0.07145337301587301 * k1  # 2881/40320
            + 0.41067207024653835 * k4  # 1216/2961
            - 0.6407814407814408 * k5  # -2624/4095
            + 0.4199088319861496 * k6  # 24137569/57482880
            - 0.19047619047619047 * k7  # -4/21
            + 1.053826530612245 * k9  # 4131/3920
            - 0.1246031746031746 * k10  # -157/1260
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
