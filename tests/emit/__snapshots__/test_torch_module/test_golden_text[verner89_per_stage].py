"""Verner 8(9), one learned step per stage.

method    verner89_per_stage
source    Verner (1978); learned step: Luo, Sun, Zhou, Wu, Kamata (2021),
          arXiv:2103.15244
proof     Order 8: all conditions up to it hold exactly, not all of order 9.
          Embedded order 9: all conditions up to it hold exactly, not all of order 10.
options   step learned per stage, weights per stage
made by   butcher 0 from a scheme with digest 39c51e580da25956
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class Verner89PerStage(nn.Module):
    """Verner 8(9), one learned step per stage.

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

    h is trained, one for each sum that it stands in.
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
        self.h = nn.ParameterList(torch.tensor([float(h)]) for _ in range(14))

    def forward(self, u: Tensor) -> Tensor:
        """One step, from a tensor of any shape but () to another."""
        h = [step.to(u.dtype) for step in self.h]
        k1 = self.f[0](u)
        u = self.transition(u).to(u.dtype)
        Y2 = torch.addcmul(u, k1, 0.08333333333333333 * h[0])  # 1/12
        k2 = self.f[1](Y2)
        dY3 = 0.037037037037037035 * k1  # 1/27
        dY3.add_(k2, alpha=0.07407407407407407)  # 2/27
        Y3 = torch.addcmul(u, dY3, h[1])
        del Y2, k2, dY3
        k3 = self.f[2](Y3)
        dY4 = 0.041666666666666664 * k1  # 1/24
        dY4.add_(k3, alpha=0.125)  # 1/8
        Y4 = torch.addcmul(u, dY4, h[2])
        del Y3, dY4
        k4 = self.f[3](Y4)
        dY5 = 0.6246720955243167 * k1  # (4+94*sqrt(6))/375
        dY5.add_(k3, alpha=-2.398057107150296)  # (-94-84*sqrt(6))/125
        dY5.add_(k4, alpha=2.2333169773304027)  # (328+208*sqrt(6))/375
        Y5 = torch.addcmul(u, dY5, h[3])
        del k3, Y4, dY5
        k5 = self.f[4](Y5)
        del Y5
        dY7 = 0.06162164740338976 * k1  # (927-347*sqrt(6))/1250
        dY7.add_(k4, alpha=0.18153182241228044)  # (-16248+7328*sqrt(6))/9375
        dY7.add_(k5, alpha=-0.013477689611149632)  # (-489+179*sqrt(6))/3750
        dY6 = 0.04367006838144548 * k1  # (9-sqrt(6))/150
        dY6.add_(k4, alpha=0.2739534538730258)  # (312+32*sqrt(6))/1425
        dY6.add_(k5, alpha=0.24567579393107397)  # (69+29*sqrt(6))/570
        Y6 = torch.addcmul(u, dY6, h[4])
        del k4, k5, dY6
        k6 = self.f[5](Y6)
        dY7.add_(k6, alpha=0.007024903609934228)  # (14268-5798*sqrt(6))/9375
        Y7 = torch.addcmul(u, dY7, h[5])
        del Y6, dY7
        k7 = self.f[6](Y7)
        dY8 = 0.07407407407407407 * k1  # 2/27
        dY8.add_(k6, alpha=0.25093537513364483)  # (16-sqrt(6))/54
        dY8.add_(k7, alpha=0.3416572174589477)  # (16+sqrt(6))/54
        Y8 = torch.addcmul(u, dY8, h[6])
        del Y7, dY8
        k8 = self.f[7](Y8)
        dY9 = 0.07421875 * k1  # 19/256
        dY9.add_(k6, alpha=0.12043307796091192)  # (118-23*sqrt(6))/512
        dY9.add_(k7, alpha=0.3405044220390881)  # (118+23*sqrt(6))/512
        dY9.add_(k8, alpha=-0.03515625)  # -9/256
        Y9 = torch.addcmul(u, dY9, h[7])
        del Y8, dY9
        k9 = self.f[8](Y9)
        dY10 = 0.0763888888888889 * k1  # 11/144
        dY10.add_(k6, alpha=0.3050353127977046)  # (266-sqrt(6))/864
        dY10.add_(k7, alpha=0.31070542794303607)  # (266+sqrt(6))/864
        dY10.add_(k8, alpha=-0.0625)  # -1/16
        dY10.add_(k9, alpha=-0.2962962962962963)  # -8/27
        Y10 = torch.addcmul(u, dY10, h[8])
        del Y9, dY10
        k10 = self.f[9](Y10)
        del Y10
        dY12 = -8.141639713875007 * k1  # (5996-3794*sqrt(6))/405
        dY12.add_(k6, alpha=-574.4363925623015)  # (-4342-338*sqrt(6))/9
        dY12.add_(k7, alpha=413.4855110109495)  # (154922-40458*sqrt(6))/135
        dY12.add_(k8, alpha=113.7192018693195)  # (-4176+3794*sqrt(6))/45
        dY12.add_(k9, alpha=626.941484897877)  # (-340864+242816*sqrt(6))/405
        dY12.add_(k10, alpha=-241.54347414394468)  # (26304-15176*sqrt(6))/45
        dY13 = 0.08780375928196306 * k1  # (3793+2168*sqrt(6))/103680
        dY13.add_(k6, alpha=0.6933735017302034)  # (4042+2263*sqrt(6))/13824
        dY13.add_(k7, alpha=-1.9030978898017554)  # (-231278+40717*sqrt(6))/69120
        dY13.add_(k8, alpha=0.22886338868455466)  # (7947-2168*sqrt(6))/11520
        dY13.add_(k9, alpha=-0.6904282483666235)  # (1048-542*sqrt(6))/405
        dY13.add_(k10, alpha=-0.07691188807155204)  # (-1383+542*sqrt(6))/720
        dY14 = -0.10570987654320987 * k1  # -137/1296
        dY14.add_(k6, alpha=5.574678190604247)  # (5642-337*sqrt(6))/864
        dY14.add_(k7, alpha=7.4855069945809385)  # (5642+337*sqrt(6))/864
        dY14.add_(k8, alpha=-6.229166666666667)  # -299/48
        dY14.add_(k9, alpha=2.271604938271605)  # 184/81
        dY14.add_(k10, alpha=-4.888888888888889)  # -44/9
        du_next = 0.06130952380952381 * wide(k1)  # 103/1680
        du_next.add_(k8, alpha=-0.19285714285714287)  # -27/140
        du_next.add_(k9, alpha=0.7238095238095238)  # 76/105
        du_next.add_(k10, alpha=-0.7178571428571429)  # -201/280
        dY11 = 0.07112936653166925 * k1  # (5034-271*sqrt(6))/61440
        dY11.add_(k7, alpha=0.378528288890093)  # (7859-1626*sqrt(6))/10240
        dY11.add_(k8, alpha=-0.011746330035023253)  # (-2232+813*sqrt(6))/20480
        dY11.add_(k9, alpha=0.07272054197316799)  # (-594+271*sqrt(6))/960
        dY11.add_(k10, alpha=-0.260631867359907)  # (657-813*sqrt(6))/5120
        Y11 = torch.addcmul(u, dY11, h[9])
        del k1, k6, k7, k8, k9, k10, dY11
        k11 = self.f[10](Y11)
        dY13.add_(k11, alpha=2.4919278252611585)  # 2624/1053
        dY14.add_(k11, alpha=-4.862298195631529)  # -5120/1053
        du_next.add_(k11, alpha=0.7501831501831502)  # 1024/1365
        dY12.add_(k11, alpha=-328.69135802469134)  # -26624/81
        Y12 = torch.addcmul(u, dY12, h[10])
        del Y11, k11, dY12
        k12 = self.f[11](Y12)
        dY14.add_(k12, alpha=-0.023504273504273504)  # -11/468
        du_next.add_(k12, alpha=0.0004120879120879121)  # 3/7280
        dY13.add_(k12, alpha=0.0018028846153846155)  # 3/1664
        Y13 = torch.addcmul(u, dY13, h[11])
        del Y12, k12, dY13
        k13 = self.f[12](Y13)
        du_next.add_(k13, alpha=0.34285714285714286)  # 12/35
        dY14.add_(k13, alpha=1.7777777777777777)  # 16/9
        Y14 = torch.addcmul(u, dY14, h[12])
        del Y13, k13, dY14
        k14 = self.f[13](Y14)
        du_next.add_(k14, alpha=0.03214285714285714)  # 9/280
        u_next = torch.addcmul(u, du_next, h[13])
        return u_next.to(u.dtype)

    def extra_repr(self) -> str:
        return "h learned"


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
