"""Verner 8(7).

method    verner87
source    Verner, SIAM J. Numer. Anal. 15 (1978) 772-790
proof     Order 8: all conditions up to it hold exactly, not all of order 9.
          Embedded order 7: all conditions up to it hold exactly, not all of order 8.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 0bc748bc6973f2ba
"""

from collections.abc import Callable, Iterator, Sequence

from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class Verner87(nn.Module):
    """Verner 8(7).

        k1 = f1(u[n])
        k2 = f2(u[n] + 1/4 h k1)
        k3 = f3(u[n] + h (5/72 k1 + 1/72 k2))
        k4 = f4(u[n] + h (1/32 k1 + 3/32 k3))
        k5 = f5(u[n] + h (106/125 k1 - 408/125 k3 + 352/125 k4))
        k6 = f6(u[n] + h (1/48 k1 + 8/33 k4 + 125/528 k5))
        k7 = f7(u[n] + h [k1, k4, k5, k6])
        k8 = f8(u[n] + h (37/392 k1 + 1625/9408 k5 - 2/15 k6 + 61/6720 k7))
        k9 = f9(u[n] + h [k1, k4, k5, k6, k7, k8])
        k10 = f10(u[n] + h [k1, k4, k5, k6, k7, k8, k9])
        k12 = f11(u[n] + h [k1, k4, k5, k6, k7, k8, k9, k10])
        k13 = f12(u[n] + h [k1, k4, k5, k6, k7, k8, k9, k10, k12])
        u[n+1] = u[n] + h [k1, k6, k7, k8, k9, k12, k13]

    f1 to f12 are `self.f[0]` to `self.f[11]`; they keep the shape of what they are
    given. [k1, k2] stands for a weighted sum; the weights are those in `forward`.

    Where the block changes shape, `transition` maps u[n]; f1 reads u[n] before that,
    and maps to the new shape itself.
    """

    order = 8
    stages = 13
    nfe = 12
    states = ("u[n]",)

    def __init__(
        self,
        f: SubNet,
        *,
        h: float = 1.0,
        transition: SubNet | None = None,
    ) -> None:
        super().__init__()
        self.f = nn.ModuleList(sub_nets(f, 12))
        if transition is None:
            transition = nn.Identity
        (self.transition,) = sub_nets(transition, 1, "transition")
        self.h = h

    def forward(self, u: Tensor) -> Tensor:
        """One step, from a tensor of any shape to another."""
        h = self.h
        k1 = self.f[0](u)
        u = self.transition(u).to(u.dtype)
        k2 = self.f[1](u + 0.25 * h * k1)  # 1/4
        Y3 = u + h * (
            0.06944444444444445 * k1  # 5/72
            + 0.013888888888888888 * k2  # 1/72
        )
        k3 = self.f[2](Y3)
        Y4 = u + h * (0.03125 * k1 + 0.09375 * k3)  # u + h (1/32 k1 + 3/32 k3)
        k4 = self.f[3](Y4)
        Y5 = u + h * (
            0.848 * k1  # 106/125
            - 3.264 * k3  # -408/125
            + 2.816 * k4  # 352/125
        )
        k5 = self.f[4](Y5)
        Y6 = u + h * (
            0.020833333333333332 * k1  # 1/48
            + 0.24242424242424243 * k4  # 8/33
            + 0.23674242424242425 * k5  # 125/528
        )
        k6 = self.f[5](Y6)
        Y7 = u + h * (
            -0.5260308204914619 * k1  # -1263/2401
            + 1.5120972322138504 * k4  # 39936/26411
            - 2.4279656203854456 * k5  # -64125/26411
            + 2.299042065805914 * k6  # 5520/2401
        )
        k7 = self.f[6](Y7)
        Y8 = u + h * (
            0.09438775510204081 * k1  # 37/392
            + 0.17272534013605442 * k5  # 1625/9408
            - 0.13333333333333333 * k6  # -2/15
            + 0.009077380952380953 * k7  # 61/6720
        )
        k8 = self.f[7](Y8)
        Y9 = u + h * (
            0.6731726435430139 * k1  # 17176/25515
            - 1.8461297276112092 * k4  # -47104/25515
            + 2.628968253968254 * k5  # 1325/504
            - 1.6379384675680972 * k6  # -41792/25515
            + 0.1387997256515775 * k7  # 20237/145800
            + 0.7097942386831275 * k8  # 4312/6075
        )
        k9 = self.f[8](Y9)
        Y10 = u + h * (
            -0.13235596279328057 * k1  # -23834/180075
            - 0.03928868022162483 * k4  # -77824/1980825
            - 1.0043716002170813 * k5  # -636635/633864
            + 0.8464739691795086 * k6  # 254048/300125
            - 0.02614285714285714 * k7  # -183/7000
            + 0.7272727272727273 * k8  # 8/11
            - 0.08587331036310628 * k9  # -324/3773
        )
        k10 = self.f[9](Y10)
        Y12 = u + h * (
            -0.1325739760924946 * k1  # -27061/204120
            + 0.14411487004079596 * k4  # 40448/280665
            - 1.1304972676500453 * k5  # -1353775/1197504
            + 0.692220262590633 * k6  # 17662/25515
            - 0.06146004801097394 * k7  # -71687/1166400
            + 0.43555555555555553 * k8  # 98/225
            + 0.0625 * k9  # 1/16
            + 0.3234739368998628 * k10  # 3773/11664
        )
        k12 = self.f[10](Y12)
        Y13 = u + h * (
            1.290668202764977 * k1  # 11203/8680
            - 3.1959782153330543 * k4  # -38144/11935
            + 5.137256057114928 * k5  # 2354425/458304
            - 5.164116743471582 * k6  # -84046/16275
            + 0.41135691593352885 * k7  # 673309/1636800
            + 0.5517888563049853 * k8  # 4704/8525
            + 0.8684934017595308 * k9  # 9477/10912
            - 1.0372983870967742 * k10  # -1029/992
            + 2.1378299120234603 * k12  # 729/341
        )
        k13 = self.f[11](Y13)
        u_next = u + h * (
            0.043055555555555555 * k1  # 31/720
            + 0.21333333333333335 * k6  # 16/75
            + 0.21220959595959596 * k7  # 16807/79200
            + 0.21220959595959596 * k8  # 16807/79200
            + 0.1380681818181818 * k9  # 243/1760
            + 0.1380681818181818 * k12  # 243/1760
            + 0.043055555555555555 * k13  # 31/720
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
