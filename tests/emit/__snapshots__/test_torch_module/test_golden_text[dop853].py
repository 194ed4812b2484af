"""Dormand-Prince 8(5) of DOP853.

method    dop853
source    Hairer, Norsett, Wanner (1993), Solving ODEs I, II.5 and its code DOP853
proof     Order 8: all conditions up to it hold to the digits printed, not all of order
          9.
          Embedded order 5: all conditions up to it hold to the digits printed, not all
          of order 6.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest acccae8c920ef692
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class Dop853(nn.Module):
    """Dormand-Prince 8(5) of DOP853.

        k1 = f1(u[n])
        k2 = f2(u[n] + 0.0526001519587677318785587544488 h k1)
        k3 = f3(u[n] + h [k1, k2])
        k4 = f4(u[n] + h [k1, k3])
        k5 = f5(u[n] + h [k1, k3, k4])
        k6 = f6(u[n] + h [k1, k4, k5])
        k7 = f7(u[n] + h [k1, k4, k5, k6])
        k8 = f8(u[n] + h [k1, k4, k5, k6, k7])
        k9 = f9(u[n] + h [k1, k4, k5, k6, k7, k8])
        k10 = f10(u[n] + h [k1, k4, k5, k6, k7, k8, k9])
        k11 = f11(u[n] + h [k1, k4, k5, k6, k7, k8, k9, k10])
        k12 = f12(u[n] + h [k1, k4, k5, k6, k7, k8, k9, k10, k11])
        u[n+1] = u[n] + h [k1, k6, k7, k8, k9, k10, k11, k12]

    f1 to f12 are `self.f[0]` to `self.f[11]`; they keep the shape of what they are
    given. [k1, k2] stands for a weighted sum; the weights are those in `forward`.

    Where the block changes shape, `transition` maps u[n]; f1 reads u[n] before that,
    and maps to the new shape itself.
    """

    order = 8
    stages = 12
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
        Y2 = torch.add(u, k1, alpha=0.05260015195876773 * h)  # 0.052600...4488
        k2 = self.f[1](Y2)
        Y3 = torch.add(u, k1, alpha=0.0197250569845379 * h)  # 0.019725...9183
        Y3.add_(k2, alpha=0.0591751709536137 * h)  # 0.0591751709536136983633785987549
        del Y2, k2
        k3 = self.f[2](Y3)
        Y4 = torch.add(u, k1, alpha=0.02958758547680685 * h)  # 0.029587...3775
        Y4.add_(k3, alpha=0.08876275643042054 * h)  # 0.0887627564304205475450678981324
        del Y3
        k4 = self.f[3](Y4)
        Y5 = torch.add(u, k1, alpha=0.2413651341592667 * h)  # 0.241365...8665
        Y5.add_(k3, alpha=-0.8845494793282861 * h)  # -0.884549479328286085344864962717
        Y5.add_(k4, alpha=0.924834003261792 * h)  # 0.924834003261792003115737966543
        del k3, Y4
        k5 = self.f[4](Y5)
        Y6 = torch.add(u, k1, alpha=0.037037037037037035 * h)  # 0.037037...7037
        Y6.add_(k4, alpha=0.17082860872947386 * h)  # 0.170828608729473871279604482173
        Y6.add_(k5, alpha=0.12546768756682242 * h)  # 0.125467687566822425016691814123
        del Y5
        k6 = self.f[5](Y6)
        Y7 = torch.add(u, k1, alpha=0.037109375 * h)  # 19/512
        Y7.add_(k4, alpha=0.17025221101954405 * h)  # 0.170252211019544039314978060272
        Y7.add_(k5, alpha=0.06021653898045596 * h)  # 0.0602165389804559606850219397283
        Y7.add_(k6, alpha=-0.017578125 * h)  # -9/512
        del Y6
        k7 = self.f[6](Y7)
        del Y7
        Y9 = torch.add(u, k1, alpha=0.6241109587160757 * h)  # 0.624110...7812
        Y9.add_(k4, alpha=-3.3608926294469414 * h)  # -3.36089262944694129406857109825
        Y9.add_(k5, alpha=-0.868219346841726 * h)  # -0.868219346841726006818189891453
        Y9.add_(k6, alpha=27.59209969944671 * h)  # 27.5920996994467083049415600797
        Y9.add_(k7, alpha=20.154067550477894 * h)  # 20.1540675504778934086186788979
        Y10 = torch.add(u, k1, alpha=0.47766253643826434 * h)  # 0.477662...8527
        Y10.add_(k4, alpha=-2.4881146199716677 * h)  # -2.48811461997166764192642586468
        Y10.add_(k5, alpha=-0.590290826836843 * h)  # -0.590290826836842996371446475743
        Y10.add_(k6, alpha=21.230051448181193 * h)  # 21.2300514481811942347288949897
        Y10.add_(k7, alpha=15.279233632882423 * h)  # 15.2792336328824235832596922938
        Y11 = torch.add(u, k1, alpha=-0.9371424300859873 * h)  # -0.937142...1658
        Y11.add_(k4, alpha=5.186372428844064 * h)  # 5.18637242884406370830023853209
        Y11.add_(k5, alpha=1.0914373489967295 * h)  # 1.09143734899672957818500254654
        Y11.add_(k6, alpha=-8.149787010746927 * h)  # -8.14978701074692612513997267357
        Y11.add_(k7, alpha=-18.52006565999696 * h)  # -18.5200656599969598641566180701
        Y12 = torch.add(u, k1, alpha=2.273310147516538 * h)  # 2.273310...8449
        Y12.add_(k4, alpha=-10.53449546673725 * h)  # -10.5344954667372501984066689879
        Y12.add_(k5, alpha=-2.0008720582248625 * h)  # -2.00087205822486249909675718444
        Y12.add_(k6, alpha=-17.9589318631188 * h)  # -17.9589318631187989172765950534
        Y12.add_(k7, alpha=27.94888452941996 * h)  # 27.9488845294199600508499808837
        u_next = torch.add(wide(u), k1, alpha=0.054293734116568765 * h)  # 0.0542...363
        u_next.add_(k6, alpha=4.450312892752409 * h)  # 4.45031289275240888144113950566
        u_next.add_(k7, alpha=1.8915178993145003 * h)  # 1.89151789931450038304281599044
        Y8 = torch.add(u, k1, alpha=0.03709200011850479 * h)  # 0.037092...9836
        Y8.add_(k4, alpha=0.17038392571223998 * h)  # 0.170383925712239993810214054705
        Y8.add_(k5, alpha=0.10726203044637328 * h)  # 0.107262030446373284651809199168
        Y8.add_(k6, alpha=-0.015319437748624402 * h)  # -0.015319...8236
        Y8.add_(k7, alpha=0.008273789163814023 * h)  # 0.008273...6002
        del k1, k4, k5, k6, k7
        k8 = self.f[7](Y8)
        Y10.add_(k8, alpha=-33.28821096898486 * h)  # -33.2882109689848629194453265587
        Y11.add_(k8, alpha=22.739487099350505 * h)  # 22.7394870993505042818970056734
        Y12.add_(k8, alpha=-2.8589982771350235 * h)  # -2.85899827713502369474065508674
        u_next.add_(k8, alpha=-5.801203960010585 * h)  # -5.8012039600105847814672114227
        Y9.add_(k8, alpha=-43.48988418106996 * h)  # -43.4898841810699588477366255144
        del Y8, k8
        k9 = self.f[8](Y9)
        Y11.add_(k9, alpha=2.4936055526796523 * h)  # 2.49360555267965238987089396762
        Y12.add_(k9, alpha=-8.87285693353063 * h)  # -8.87285693353062954433549289258
        u_next.add_(k9, alpha=0.3111643669578199 * h)  # 0.31116436695781989440891606237
        Y10.add_(k9, alpha=-0.020331201708508627 * h)  # -0.020331...8593
        del Y9, k9
        k10 = self.f[9](Y10)
        Y12.add_(k10, alpha=12.360567175794303 * h)  # 12.3605671757943030647266201528
        u_next.add_(k10, alpha=-0.1521609496625161 * h)  # -0.152160...6805
        Y11.add_(k10, alpha=-3.0467644718982196 * h)  # -3.0467644718982195003823669022
        del Y10, k10
        k11 = self.f[10](Y11)
        u_next.add_(k11, alpha=0.20136540080403034 * h)  # 0.201365...7501
        Y12.add_(k11, alpha=0.6433927460157636 * h)  # 0.643392746015763530355970484046
        del Y11, k11
        k12 = self.f[11](Y12)
        u_next.add_(k12, alpha=0.04471061572777259 * h)  # 0.044710...9043
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
