"""Verner 8(7).

method    verner87
source    Verner, SIAM J. Numer. Anal. 15 (1978) 772-790
proof     Order 8: all conditions up to it hold exactly, not all of order 9.
          Embedded order 7: all conditions up to it hold exactly, not all of order 8.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 0bc748bc6973f2ba
"""

from collections.abc import Callable, Iterator, Sequence

import torch
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
        Y2 = torch.add(u, k1, alpha=0.25 * h)  # 1/4
        k2 = self.f[1](Y2)
        Y3 = torch.add(u, k1, alpha=0.06944444444444445 * h)  # 5/72
        Y3.add_(k2, alpha=0.013888888888888888 * h)  # 1/72
        del Y2, k2
        k3 = self.f[2](Y3)
        Y4 = torch.add(u, k1, alpha=0.03125 * h)  # 1/32
        Y4.add_(k3, alpha=0.09375 * h)  # 3/32
        del Y3
        k4 = self.f[3](Y4)
        Y5 = torch.add(u, k1, alpha=0.848 * h)  # 106/125
        Y5.add_(k3, alpha=-3.264 * h)  # -408/125
        Y5.add_(k4, alpha=2.816 * h)  # 352/125
        del k3, Y4
        k5 = self.f[4](Y5)
        Y6 = torch.add(u, k1, alpha=0.020833333333333332 * h)  # 1/48
        Y6.add_(k4, alpha=0.24242424242424243 * h)  # 8/33
        Y6.add_(k5, alpha=0.23674242424242425 * h)  # 125/528
        del Y5
        k6 = self.f[5](Y6)
        Y7 = torch.add(u, k1, alpha=-0.5260308204914619 * h)  # -1263/2401
        Y7.add_(k4, alpha=1.5120972322138504 * h)  # 39936/26411
        Y7.add_(k5, alpha=-2.4279656203854456 * h)  # -64125/26411
        Y7.add_(k6, alpha=2.299042065805914 * h)  # 5520/2401
        del Y6
        k7 = self.f[6](Y7)
        del Y7
        Y9 = torch.add(u, k1, alpha=0.6731726435430139 * h)  # 17176/25515
        Y9.add_(k4, alpha=-1.8461297276112092 * h)  # -47104/25515
        Y9.add_(k5, alpha=2.628968253968254 * h)  # 1325/504
        Y9.add_(k6, alpha=-1.6379384675680972 * h)  # -41792/25515
        Y9.add_(k7, alpha=0.1387997256515775 * h)  # 20237/145800
        Y10 = torch.add(u, k1, alpha=-0.13235596279328057 * h)  # -23834/180075
        Y10.add_(k4, alpha=-0.03928868022162483 * h)  # -77824/1980825
        Y10.add_(k5, alpha=-1.0043716002170813 * h)  # -636635/633864
        Y10.add_(k6, alpha=0.8464739691795086 * h)  # 254048/300125
        Y10.add_(k7, alpha=-0.02614285714285714 * h)  # -183/7000
        Y12 = torch.add(u, k1, alpha=-0.1325739760924946 * h)  # -27061/204120
        Y12.add_(k4, alpha=0.14411487004079596 * h)  # 40448/280665
        Y12.add_(k5, alpha=-1.1304972676500453 * h)  # -1353775/1197504
        Y12.add_(k6, alpha=0.692220262590633 * h)  # 17662/25515
        Y12.add_(k7, alpha=-0.06146004801097394 * h)  # -71687/1166400
        Y13 = torch.add(u, k1, alpha=1.290668202764977 * h)  # 11203/8680
        Y13.add_(k4, alpha=-3.1959782153330543 * h)  # -38144/11935
        Y13.add_(k5, alpha=5.137256057114928 * h)  # 2354425/458304
        Y13.add_(k6, alpha=-5.164116743471582 * h)  # -84046/16275
        Y13.add_(k7, alpha=0.41135691593352885 * h)  # 673309/1636800
        u_next = torch.add(wide(u), k1, alpha=0.043055555555555555 * h)  # 31/720
        u_next.add_(k6, alpha=0.21333333333333335 * h)  # 16/75
        u_next.add_(k7, alpha=0.21220959595959596 * h)  # 16807/79200
        Y8 = torch.add(u, k1, alpha=0.09438775510204081 * h)  # 37/392
        Y8.add_(k5, alpha=0.17272534013605442 * h)  # 1625/9408
        Y8.add_(k6, alpha=-0.13333333333333333 * h)  # -2/15
        Y8.add_(k7, alpha=0.009077380952380953 * h)  # 61/6720
        del k1, k4, k5, k6, k7
        k8 = self.f[7](Y8)
        Y10.add_(k8, alpha=0.7272727272727273 * h)  # 8/11
        Y12.add_(k8, alpha=0.43555555555555553 * h)  # 98/225
        Y13.add_(k8, alpha=0.5517888563049853 * h)  # 4704/8525
        u_next.add_(k8, alpha=0.21220959595959596 * h)  # 16807/79200
        Y9.add_(k8, alpha=0.7097942386831275 * h)  # 4312/6075
        del Y8, k8
        k9 = self.f[8](Y9)
        Y12.add_(k9, alpha=0.0625 * h)  # 1/16
        Y13.add_(k9, alpha=0.8684934017595308 * h)  # 9477/10912
        u_next.add_(k9, alpha=0.1380681818181818 * h)  # 243/1760
        Y10.add_(k9, alpha=-0.08587331036310628 * h)  # -324/3773
        del Y9, k9
        k10 = self.f[9](Y10)
        Y13.add_(k10, alpha=-1.0372983870967742 * h)  # -1029/992
        Y12.add_(k10, alpha=0.3234739368998628 * h)  # 3773/11664
        del Y10, k10
        k12 = self.f[10](Y12)
        u_next.add_(k12, alpha=0.1380681818181818 * h)  # 243/1760
        Y13.add_(k12, alpha=2.1378299120234603 * h)  # 729/341
        del Y12, k12
        k13 = self.f[11](Y13)
        u_next.add_(k13, alpha=0.043055555555555555 * h)  # 31/720
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
