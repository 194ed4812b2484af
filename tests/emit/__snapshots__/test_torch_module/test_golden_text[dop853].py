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
        Y2 = u + 0.05260015195876773 * h * k1  # 0.0526001519587677318785587544488
        k2 = self.f[1](Y2)
        Y3 = u + h * (
            0.0197250569845379 * k1  # 0.0197250569845378994544595329183
            + 0.0591751709536137 * k2  # 0.0591751709536136983633785987549
        )
        k3 = self.f[2](Y3)
        Y4 = u + h * (
            0.02958758547680685 * k1  # 0.0295875854768068491816892993775
            + 0.08876275643042054 * k3  # 0.0887627564304205475450678981324
        )
        k4 = self.f[3](Y4)
        Y5 = u + h * (
            0.2413651341592667 * k1  # 0.241365134159266685502369798665
            - 0.8845494793282861 * k3  # -0.884549479328286085344864962717
            + 0.924834003261792 * k4  # 0.924834003261792003115737966543
        )
        k5 = self.f[4](Y5)
        Y6 = u + h * (
            0.037037037037037035 * k1  # 0.037037037037037037037037037037
            + 0.17082860872947386 * k4  # 0.170828608729473871279604482173
            + 0.12546768756682242 * k5  # 0.125467687566822425016691814123
        )
        k6 = self.f[5](Y6)
        Y7 = u + h * (
            0.037109375 * k1  # 19/512
            + 0.17025221101954405 * k4  # 0.170252211019544039314978060272
            + 0.06021653898045596 * k5  # 0.0602165389804559606850219397283
            - 0.017578125 * k6  # -9/512
        )
        k7 = self.f[6](Y7)
        Y8 = u + h * (
            0.03709200011850479 * k1  # 0.0370920001185047927108779319836
            + 0.17038392571223998 * k4  # 0.170383925712239993810214054705
            + 0.10726203044637328 * k5  # 0.107262030446373284651809199168
            - 0.015319437748624402 * k6  # -0.0153194377486244017527936158236
            + 0.008273789163814023 * k7  # 0.00827378916381402288758473766002
        )
        k8 = self.f[7](Y8)
        Y9 = u + h * (
            0.6241109587160757 * k1  # 0.624110958716075717114429577812
            - 3.3608926294469414 * k4  # -3.36089262944694129406857109825
            - 0.868219346841726 * k5  # -0.868219346841726006818189891453
            + 27.59209969944671 * k6  # 27.5920996994467083049415600797
            + 20.154067550477894 * k7  # 20.1540675504778934086186788979
            - 43.48988418106996 * k8  # -43.4898841810699588477366255144
        )
        k9 = self.f[8](Y9)
        Y10 = u + h * (
            0.47766253643826434 * k1  # 0.477662536438264365890433908527
            - 2.4881146199716677 * k4  # -2.48811461997166764192642586468
            - 0.590290826836843 * k5  # -0.590290826836842996371446475743
            + 21.230051448181193 * k6  # 21.2300514481811942347288949897
            + 15.279233632882423 * k7  # 15.2792336328824235832596922938
            - 33.28821096898486 * k8  # -33.2882109689848629194453265587
            - 0.020331201708508627 * k9  # -0.0203312017085086261358222928593
        )
        k10 = self.f[9](Y10)
        Y11 = u + h * (
            -0.9371424300859873 * k1  # -0.93714243008598732571704021658
            + 5.186372428844064 * k4  # 5.18637242884406370830023853209
            + 1.0914373489967295 * k5  # 1.09143734899672957818500254654
            - 8.149787010746927 * k6  # -8.14978701074692612513997267357
            - 18.52006565999696 * k7  # -18.5200656599969598641566180701
            + 22.739487099350505 * k8  # 22.7394870993505042818970056734
            + 2.4936055526796523 * k9  # 2.49360555267965238987089396762
            - 3.0467644718982196 * k10  # -3.0467644718982195003823669022
        )
        k11 = self.f[10](Y11)
        Y12 = u + h * (
            2.273310147516538 * k1  # 2.27331014751653820792359768449
            - 10.53449546673725 * k4  # -10.5344954667372501984066689879
            - 2.0008720582248625 * k5  # -2.00087205822486249909675718444
            - 17.9589318631188 * k6  # -17.9589318631187989172765950534
            + 27.94888452941996 * k7  # 27.9488845294199600508499808837
            - 2.8589982771350235 * k8  # -2.85899827713502369474065508674
            - 8.87285693353063 * k9  # -8.87285693353062954433549289258
            + 12.360567175794303 * k10  # 12.3605671757943030647266201528
            + 0.6433927460157636 * k11  # 0.643392746015763530355970484046
        )
        k12 = self.f[11](Y12)
        u_next = u + h * (
            0.054293734116568765 * k1  # 0.0542937341165687622380535766363
            + 4.450312892752409 * k6  # 4.45031289275240888144113950566
            + 1.8915178993145003 * k7  # 1.89151789931450038304281599044
            - 5.801203960010585 * k8  # -5.8012039600105847814672114227
            + 0.3111643669578199 * k9  # 0.31116436695781989440891606237
            - 0.1521609496625161 * k10  # -0.152160949662516078556178806805
            + 0.20136540080403034 * k11  # 0.201365400804030348374776537501
            + 0.04471061572777259 * k12  # 0.0447106157277725905176885569043
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
