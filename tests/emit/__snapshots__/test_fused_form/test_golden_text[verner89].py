"""Verner 8(9).

method    verner89
source    Verner, SIAM J. Numer. Anal. 15 (1978) 772-790
proof     Order 8: all conditions up to it hold exactly, not all of order 9.
          Embedded order 9: all conditions up to it hold exactly, not all of order 10.
options   step fixed, weights per stage, form fused
needs     butcher installed: it imports `butcher.kernels`
made by   butcher 0 from a scheme with digest 2469ac81a46b0112
"""

from collections.abc import Callable, Iterator, Sequence

from butcher.kernels import behind, gather, spread
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class Verner89(nn.Module):
    """Verner 8(9).

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

    order = 8
    stages = 16
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
        u = spread(u, 15)
        k1 = spread(self.f[0](gather(u)), 14)
        u = behind(self.transition, u, 14)
        Y2 = gather(u + h * (0.08333333333333333 * k1))  # 1/12
        k2 = spread(self.f[1](Y2), 1)
        del Y2
        dY3 = (
            0.037037037037037035 * k1  # 1/27
            + 0.07407407407407407 * k2  # 2/27
        )
        Y3 = gather(u + h * dY3)
        k3 = spread(self.f[2](Y3), 2)
        del Y3
        Y4 = gather(u + h * (0.041666666666666664 * k1 + 0.125 * k3))  # 1/24, 1/8
        k4 = spread(self.f[3](Y4), 3)
        del Y4
        dY5 = (
            0.6246720955243167 * k1  # (4+94*sqrt(6))/375
            - 2.398057107150296 * k3  # (-94-84*sqrt(6))/125
            + 2.2333169773304027 * k4  # (328+208*sqrt(6))/375
        )
        Y5 = gather(u + h * dY5)
        k5 = spread(self.f[4](Y5), 2)
        del Y5
        dY6 = (
            0.04367006838144548 * k1  # (9-sqrt(6))/150
            + 0.2739534538730258 * k4  # (312+32*sqrt(6))/1425
            + 0.24567579393107397 * k5  # (69+29*sqrt(6))/570
        )
        dY7 = (
            0.06162164740338976 * k1  # (927-347*sqrt(6))/1250
            + 0.18153182241228044 * k4  # (-16248+7328*sqrt(6))/9375
            - 0.013477689611149632 * k5  # (-489+179*sqrt(6))/3750
        )
        Y6, Y7 = gather(u + h * dY6, u + h * dY7)
        k6 = spread(self.f[5](Y6), 7)
        del Y6
        Y7 = gather(Y7 + h * (0.007024903609934228 * k6))  # (14268-5798*sqrt(6))/9375
        k7 = spread(self.f[6](Y7), 7)
        del Y7
        dY8 = (
            0.07407407407407407 * k1  # 2/27
            + 0.25093537513364483 * k6  # (16-sqrt(6))/54
            + 0.3416572174589477 * k7  # (16+sqrt(6))/54
        )
        Y8 = gather(u + h * dY8)
        k8 = spread(self.f[7](Y8), 7)
        del Y8
        dY9 = (
            0.07421875 * k1  # 19/256
            + 0.12043307796091192 * k6  # (118-23*sqrt(6))/512
            + 0.3405044220390881 * k7  # (118+23*sqrt(6))/512
            - 0.03515625 * k8  # -9/256
        )
        Y9 = gather(u + h * dY9)
        k9 = spread(self.f[8](Y9), 6)
        del Y9
        dY10 = (
            0.0763888888888889 * k1  # 11/144
            + 0.3050353127977046 * k6  # (266-sqrt(6))/864
            + 0.31070542794303607 * k7  # (266+sqrt(6))/864
            - 0.0625 * k8  # -1/16
            - 0.2962962962962963 * k9  # -8/27
        )
        dY11 = (
            0.07112936653166925 * k1  # (5034-271*sqrt(6))/61440
            + 0.378528288890093 * k7  # (7859-1626*sqrt(6))/10240
            - 0.011746330035023253 * k8  # (-2232+813*sqrt(6))/20480
            + 0.07272054197316799 * k9  # (-594+271*sqrt(6))/960
        )
        dY12 = (
            -8.141639713875007 * k1  # (5996-3794*sqrt(6))/405
            - 574.4363925623015 * k6  # (-4342-338*sqrt(6))/9
            + 413.4855110109495 * k7  # (154922-40458*sqrt(6))/135
            + 113.7192018693195 * k8  # (-4176+3794*sqrt(6))/45
            + 626.941484897877 * k9  # (-340864+242816*sqrt(6))/405
        )
        dY13 = (
            0.08780375928196306 * k1  # (3793+2168*sqrt(6))/103680
            + 0.6933735017302034 * k6  # (4042+2263*sqrt(6))/13824
            - 1.9030978898017554 * k7  # (-231278+40717*sqrt(6))/69120
            + 0.22886338868455466 * k8  # (7947-2168*sqrt(6))/11520
            - 0.6904282483666235 * k9  # (1048-542*sqrt(6))/405
        )
        dY14 = (
            -0.10570987654320987 * k1  # -137/1296
            + 5.574678190604247 * k6  # (5642-337*sqrt(6))/864
            + 7.4855069945809385 * k7  # (5642+337*sqrt(6))/864
            - 6.229166666666667 * k8  # -299/48
            + 2.271604938271605 * k9  # 184/81
        )
        du_next = (
            0.06130952380952381 * k1  # 103/1680
            - 0.19285714285714287 * k8  # -27/140
            + 0.7238095238095238 * k9  # 76/105
        )
        Y10, Y11, Y12, Y13, Y14, u_next = gather(
            u + h * dY10,
            u + h * dY11,
            u + h * dY12,
            u + h * dY13,
            u + h * dY14,
            u + h * du_next,
        )
        k10 = spread(self.f[9](Y10), 5)
        del Y10
        Y11, Y12, Y13, Y14, u_next = gather(
            Y11 + h * (-0.260631867359907 * k10),  # (657-813*sqrt(6))/5120
            Y12 + h * (-241.54347414394468 * k10),  # (26304-15176*sqrt(6))/45
            Y13 + h * (-0.07691188807155204 * k10),  # (-1383+542*sqrt(6))/720
            Y14 + h * (-4.888888888888889 * k10),  # -44/9
            u_next + h * (-0.7178571428571429 * k10),  # -201/280
        )
        k11 = spread(self.f[10](Y11), 4)
        del Y11
        Y12, Y13, Y14, u_next = gather(
            Y12 + h * (-328.69135802469134 * k11),  # -26624/81
            Y13 + h * (2.4919278252611585 * k11),  # 2624/1053
            Y14 + h * (-4.862298195631529 * k11),  # -5120/1053
            u_next + h * (0.7501831501831502 * k11),  # 1024/1365
        )
        k12 = spread(self.f[11](Y12), 3)
        del Y12
        Y13, Y14, u_next = gather(
            Y13 + h * (0.0018028846153846155 * k12),  # 3/1664
            Y14 + h * (-0.023504273504273504 * k12),  # -11/468
            u_next + h * (0.0004120879120879121 * k12),  # 3/7280
        )
        k13 = spread(self.f[12](Y13), 2)
        del Y13
        Y14, u_next = gather(
            Y14 + h * (1.7777777777777777 * k13),  # 16/9
            u_next + h * (0.34285714285714286 * k13),  # 12/35
        )
        k14 = spread(self.f[13](Y14), 1)
        u_next = gather(u_next + h * (0.03214285714285714 * k14))  # 9/280
        return u_next

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
