"""Feagin 10(8).

method    feagin108
source    Feagin, Neural Parallel Sci. Comput. 20 (2012) 437-458
proof     Order 10: all conditions up to it hold to the digits printed, not all of order
          11.
          Embedded order 8: all conditions up to it hold to the digits printed, not all
          of order 9.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 476788217feb0316
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class Feagin108(nn.Module):
    """Feagin 10(8).

        k1 = f1(u[n])
        k2 = f2(u[n] + 1/10 h k1)
        k3 = f3(u[n] + h [k1, k2])
        k4 = f4(u[n] + h [k1, k3])
        k5 = f5(u[n] + h [k1, k3, k4])
        k6 = f6(u[n] + h [k1, k4, k5])
        k7 = f7(u[n] + h [k1, k4, k5, k6])
        k8 = f8(u[n] + h [k1, k5, k6, k7])
        k9 = f9(u[n] + h [k1, k6, k7, k8])
        k10 = f10(u[n] + h [k1, k6, k7, k8, k9])
        k11 = f11(u[n] + h [k1, k6, k7, k8, k9, k10])
        k12 = f12(u[n] + h [k1, k6, k7, k8, k9, k10, k11])
        k13 = f13(u[n] + h [k1, k4, k5, k6, k7, k8, k9, k10, k11, k12])
        k14 = f14(u[n] + h [k1, k3, k4, k6, k7, k8, k9, k10, k11, k12, k13])
        k15 = f15(u[n] + h [k1, k2, k5, k7, k13, k14])
        k16 = f16(u[n] + h [k1, k3, k15])
        k17 = f17(u[n] + h [k1, k2, k3, k5, k6, k7, k8, k9, k10, k11, k12, k13, k14, k15,
                k16])
        u[n+1] = u[n] + h [k1, k2, k3, k5, k7, k9, k10, k11, k12, k13, k14, k15, k16, k17]

    f1 to f17 are `self.f[0]` to `self.f[16]`; they keep the shape of what they are
    given. [k1, k2] stands for a weighted sum; the weights are those in `forward`.

    Where the block changes shape, `transition` maps u[n]; f1 reads u[n] before that,
    and maps to the new shape itself.
    """

    order = 10
    stages = 17
    nfe = 17
    states = ("u[n]",)

    def __init__(
        self,
        f: SubNet,
        *,
        h: float = 1.0,
        transition: SubNet | None = None,
    ) -> None:
        super().__init__()
        self.f = nn.ModuleList(sub_nets(f, 17))
        if transition is None:
            transition = nn.Identity
        (self.transition,) = sub_nets(transition, 1, "transition")
        self.h = h

    def forward(self, u: Tensor) -> Tensor:
        """One step, from a tensor of any shape to another."""
        h = self.h
        k1 = self.f[0](u)
        u = self.transition(u).to(u.dtype)
        Y2 = torch.add(u, k1, alpha=0.1 * h)  # 1/10
        k2 = self.f[1](Y2)
        Y3 = torch.add(u, k1, alpha=-0.9151765613752915 * h)  # -0.915176...6466
        Y3.add_(k2, alpha=1.4545344021782731 * h)  # 1.454534...7016
        del Y2
        k3 = self.f[2](Y3)
        Y4 = torch.add(u, k1, alpha=0.20225919030111816 * h)  # 0.202259...4562
        Y4.add_(k3, alpha=0.6067775709033545 * h)  # 0.606777...3687
        del Y3
        k4 = self.f[3](Y4)
        Y5 = torch.add(u, k1, alpha=0.18402471470864357 * h)  # 0.184024...4635
        Y5.add_(k3, alpha=0.19796683122719236 * h)  # 0.197966...5746
        Y5.add_(k4, alpha=-0.07295478473136326 * h)  # -0.072954...1311
        del Y4
        k5 = self.f[4](Y5)
        Y6 = torch.add(u, k1, alpha=0.08790073402066813 * h)  # 0.087900...1378
        Y6.add_(k4, alpha=0.41045970252026065 * h)  # 0.410459...0406
        Y6.add_(k5, alpha=0.4827137536788665 * h)  # 0.482713...3261
        del Y5
        k6 = self.f[5](Y6)
        Y7 = torch.add(u, k1, alpha=0.08597005049024603 * h)  # 0.085970...9388
        Y7.add_(k4, alpha=0.3308859630407222 * h)  # 0.330885...8632
        Y7.add_(k5, alpha=0.4896629573094502 * h)  # 0.489662...1079
        Y7.add_(k6, alpha=-0.07318563750708508 * h)  # -0.073185...4775
        del Y6
        k7 = self.f[6](Y7)
        Y8 = torch.add(u, k1, alpha=0.12093044912533372 * h)  # 0.120930...2621
        Y8.add_(k5, alpha=0.2601246757582956 * h)  # 0.260124...7839
        Y8.add_(k6, alpha=0.032540262154909134 * h)  # 0.032540...6101
        Y8.add_(k7, alpha=-0.0595780211817361 * h)  # -0.059578...8856
        del Y7
        k8 = self.f[7](Y8)
        Y9 = torch.add(u, k1, alpha=0.11085437958039149 * h)  # 0.110854...7038
        Y9.add_(k6, alpha=-0.06057614882550056 * h)  # -0.060576...9466
        Y9.add_(k7, alpha=0.3217637056017784 * h)  # 0.321763...5111
        Y9.add_(k8, alpha=0.510485725608063 * h)  # 0.510485...6759
        del Y8
        k9 = self.f[8](Y9)
        del Y9
        Y11 = torch.add(u, k1, alpha=0.11397678396418598 * h)  # 0.113976...0341
        Y11.add_(k6, alpha=-0.07688133642033569 * h)  # -0.076881...6384
        Y11.add_(k7, alpha=0.23952736032439065 * h)  # 0.239527...9563
        Y11.add_(k8, alpha=0.3977746623680946 * h)  # 0.397774...2613
        Y11.add_(k9, alpha=0.010755895687360746 * h)  # 0.010755...7024
        Y12 = torch.add(u, k1, alpha=0.07983145282801961 * h)  # 0.079831...6284
        Y12.add_(k6, alpha=-0.052032968680060306 * h)  # -0.052032...7298
        Y12.add_(k7, alpha=-0.05769541461685489 * h)  # -0.057695...1864
        Y12.add_(k8, alpha=0.19478191571210415 * h)  # 0.194781...3809
        Y12.add_(k9, alpha=0.14538492318832508 * h)  # 0.145384...6582
        Y13 = torch.add(u, k1, alpha=0.9851156101648573 * h)  # 0.985115...0529
        Y13.add_(k4, alpha=0.3308859630407222 * h)  # 0.330885...8632
        Y13.add_(k5, alpha=0.4896629573094502 * h)  # 0.489662...1079
        Y13.add_(k6, alpha=-1.3789648657484357 * h)  # -1.378964...6397
        Y13.add_(k7, alpha=-0.8611641950276356 * h)  # -0.861164...4412
        Y13.add_(k8, alpha=5.784288136375372 * h)  # 5.784288...1856
        Y13.add_(k9, alpha=3.2880776198510357 * h)  # 3.288077...1925
        Y14 = torch.add(u, k1, alpha=0.8950802957716328 * h)  # 0.895080...9171
        Y14.add_(k3, alpha=0.19796683122719236 * h)  # 0.197966...5746
        Y14.add_(k4, alpha=-0.07295478473136326 * h)  # -0.072954...1311
        Y14.add_(k6, alpha=-0.8512362396620076 * h)  # -0.851236...6105
        Y14.add_(k7, alpha=0.3983201123185333 * h)  # 0.398320...1856
        Y14.add_(k8, alpha=3.639372631810356 * h)  # 3.639372...6229
        Y14.add_(k9, alpha=1.5482287703983033 * h)  # 1.548228...3065
        Y15 = torch.add(u, k1, alpha=-0.9151765613752915 * h)  # -0.915176...6466
        Y15.add_(k2, alpha=1.4545344021782731 * h)  # 1.454534...7016
        Y15.add_(k5, alpha=-0.7773336436449683 * h)  # -0.777333...4469
        Y15.add_(k7, alpha=-0.0910895662155176 * h)  # -0.091089...7985
        Y16 = torch.add(u, k1, alpha=0.1 * h)  # 1/10
        Y16.add_(k3, alpha=-0.15717866579977116 * h)  # -0.157178...9654
        Y17 = torch.add(u, k1, alpha=0.1817813007000953 * h)  # 0.181781...4945
        Y17.add_(k2, alpha=0.675 * h)  # 27/40
        Y17.add_(k3, alpha=0.3427581598471898 * h)  # 0.342758...3726
        Y17.add_(k5, alpha=0.25911121454832275 * h)  # 0.259111...8156
        Y17.add_(k6, alpha=-0.35827896671795206 * h)  # -0.358278...4271
        Y17.add_(k7, alpha=-1.0459489594088331 * h)  # -1.045948...8608
        Y17.add_(k8, alpha=0.930327845415627 * h)  # 0.930327...0397
        Y17.add_(k9, alpha=1.7795095943170811 * h)  # 1.779509...0536
        u_next = torch.add(wide(u), k1, alpha=0.03333333333333333 * h)  # 1/30
        u_next.add_(k2, alpha=0.025 * h)  # 1/40
        u_next.add_(k3, alpha=0.03333333333333333 * h)  # 1/30
        u_next.add_(k5, alpha=0.05 * h)  # 1/20
        u_next.add_(k7, alpha=0.04 * h)  # 1/25
        u_next.add_(k9, alpha=0.1892374781489235 * h)  # 0.189237...7194
        Y10 = torch.add(u, k1, alpha=0.112054414752879 * h)  # 0.112054...9393
        Y10.add_(k6, alpha=-0.14494277590286592 * h)  # -0.144942...6185
        Y10.add_(k7, alpha=-0.3332697190962567 * h)  # -0.333269...8724
        Y10.add_(k8, alpha=0.4992692295568801 * h)  # 0.499269...0332
        Y10.add_(k9, alpha=0.5095046089296861 * h)  # 0.509504...8506
        del k1, k2, k3, k4, k5, k6, k7, k8, k9
        k10 = self.f[9](Y10)
        Y12.add_(k10, alpha=-0.07829427103516708 * h)  # -0.078294...5016
        Y13.add_(k10, alpha=-2.386339050931364 * h)  # -2.386339...5807
        Y14.add_(k10, alpha=-2.122217147040537 * h)  # -2.122217...1561
        Y17.add_(k10, alpha=0.1 * h)  # 1/10
        u_next.add_(k10, alpha=0.2774291885177432 * h)  # 0.277429...9472
        Y11.add_(k10, alpha=-0.3277691241640189 * h)  # -0.327769...6457
        del Y10, k10
        k11 = self.f[10](Y11)
        Y13.add_(k11, alpha=-3.254793424836439 * h)  # -3.254793...9911
        Y14.add_(k11, alpha=-1.5835039854532618 * h)  # -1.583503...5291
        Y17.add_(k11, alpha=-0.2825475695390441 * h)  # -0.282547...2877
        u_next.add_(k11, alpha=0.2774291885177432 * h)  # 0.277429...9472
        Y12.add_(k11, alpha=-0.11450329936109892 * h)  # -0.114503...4674
        del Y11, k11
        k12 = self.f[11](Y12)
        Y14.add_(k12, alpha=-1.7156160828593627 * h)  # -1.715616...3034
        Y17.add_(k12, alpha=-0.15932735011997254 * h)  # -0.159327...1821
        u_next.add_(k12, alpha=0.1892374781489235 * h)  # 0.189237...7194
        Y13.add_(k12, alpha=-2.16343541686423 * h)  # -2.163435...4887
        del Y12, k12
        k13 = self.f[12](Y13)
        Y15.add_(k13, alpha=0.0910895662155176 * h)  # 0.091089...7985
        Y17.add_(k13, alpha=-0.14551589464700151 * h)  # -0.145515...5571
        u_next.add_(k13, alpha=-0.04 * h)  # -1/25
        Y14.add_(k13, alpha=-0.024403640575012746 * h)  # -0.024403...9132
        del Y13, k13
        k14 = self.f[13](Y14)
        Y17.add_(k14, alpha=-0.25911121454832275 * h)  # -0.259111...8156
        u_next.add_(k14, alpha=-0.05 * h)  # -1/20
        Y15.add_(k14, alpha=0.7773336436449683 * h)  # 0.777333...4469
        del Y14, k14
        k15 = self.f[14](Y15)
        Y17.add_(k15, alpha=-0.3427581598471898 * h)  # -0.342758...3726
        u_next.add_(k15, alpha=-0.03333333333333333 * h)  # -1/30
        Y16.add_(k15, alpha=0.15717866579977116 * h)  # 0.157178...9654
        del Y15, k15
        k16 = self.f[15](Y16)
        u_next.add_(k16, alpha=-0.025 * h)  # -1/40
        Y17.add_(k16, alpha=-0.675 * h)  # -27/40
        del Y16, k16
        k17 = self.f[16](Y17)
        u_next.add_(k17, alpha=0.03333333333333333 * h)  # 1/30
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
