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
        k2 = self.f[1](u + 0.16666666666666666 * h * k1)  # 1/6
        Y3 = u + h * (
            0.05333333333333334 * k1  # 4/75
            + 0.21333333333333335 * k2  # 16/75
        )
        k3 = self.f[2](Y3)
        Y4 = u + h * (
            0.8333333333333334 * k1  # 5/6
            - 2.6666666666666665 * k2  # -8/3
            + 2.5 * k3  # 5/2
        )
        k4 = self.f[3](Y4)
        Y5 = u + h * (
            -2.578125 * k1  # -165/64
            + 9.166666666666666 * k2  # 55/6
            - 6.640625 * k3  # -425/64
            + 0.8854166666666666 * k4  # 85/96
        )
        k5 = self.f[4](Y5)
        Y7 = u + h * (
            -0.5508666666666666 * k1  # -8263/15000
            + 1.6533333333333333 * k2  # 124/75
            - 0.9455882352941176 * k3  # -643/680
            - 0.324 * k4  # -81/250
            + 0.23378823529411766 * k5  # 2484/10625
        )
        k7 = self.f[5](Y7)
        Y8 = u + h * (
            2.03546511627907 * k1  # 3501/1720
            - 6.976744186046512 * k2  # -300/43
            + 5.648179814561484 * k3  # 297275/52632
            - 0.13738156761412576 * k4  # -319/2322
            + 0.2863022661036103 * k5  # 24068/84065
            + 0.1441785567164738 * k7  # 3850/26703
        )
        k8 = self.f[6](Y8)
        u_next = u + h * (
            0.075 * k1  # 3/40
            + 0.3899286987522282 * k3  # 875/2244
            + 0.3194444444444444 * k4  # 23/72
            + 0.1350383631713555 * k5  # 264/1955
            + 0.010783298826777088 * k7  # 125/11592
            + 0.0698051948051948 * k8  # 43/616
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
