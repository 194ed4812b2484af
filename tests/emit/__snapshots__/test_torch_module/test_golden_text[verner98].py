"""Verner 9(8), most efficient.

method    verner98
source    Verner, Numer. Algorithms 53 (2010) 383-396
proof     Order 9: all conditions up to it hold exactly, not all of order 10.
          Embedded order 8: all conditions up to it hold exactly, not all of order 9.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 43f434912c4889eb
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class Verner98(nn.Module):
    """Verner 9(8), most efficient.

        k1 = f1(u[n])
        k2 = f2(u[n] + 0.03462 h k1)
        k3 = f3(u[n] + h [k1, k2])
        k4 = f4(u[n] + h [k1, k3])
        k5 = f5(u[n] + h [k1, k3, k4])
        k6 = f6(u[n] + h [k1, k4, k5])
        k7 = f7(u[n] + h [k1, k4, k5, k6])
        k8 = f8(u[n] + h [k1, k6, k7])
        k9 = f9(u[n] + h [k1, k6, k7, k8])
        k10 = f10(u[n] + h [k1, k6, k7, k8, k9])
        k11 = f11(u[n] + h [k1, k6, k7, k8, k9, k10])
        k12 = f12(u[n] + h [k1, k6, k7, k8, k9, k10, k11])
        k13 = f13(u[n] + h [k1, k6, k7, k8, k9, k10, k11, k12])
        k14 = f14(u[n] + h [k1, k6, k7, k8, k9, k10, k11, k12, k13])
        k15 = f15(u[n] + h [k1, k6, k7, k8, k9, k10, k11, k12, k13, k14])
        u[n+1] = u[n] + h [k1, k8, k9, k10, k11, k12, k13, k14, k15]

    f1 to f15 are `self.f[0]` to `self.f[14]`; they keep the shape of what they are
    given. [k1, k2] stands for a weighted sum; the weights are those in `forward`.

    Where the block changes shape, `transition` maps u[n]; f1 reads u[n] before that,
    and maps to the new shape itself.
    """

    order = 9
    stages = 16
    nfe = 15
    states = ("u[n]",)

    def __init__(
        self,
        f: SubNet,
        *,
        h: float = 1.0,
        transition: SubNet | None = None,
    ) -> None:
        super().__init__()
        self.f = nn.ModuleList(sub_nets(f, 15))
        if transition is None:
            transition = nn.Identity
        (self.transition,) = sub_nets(transition, 1, "transition")
        self.h = h

    def forward(self, u: Tensor) -> Tensor:
        """One step, from a tensor of any shape to another."""
        h = self.h
        k1 = self.f[0](u)
        u = self.transition(u).to(u.dtype)
        Y2 = torch.add(u, k1, alpha=0.03462 * h)
        k2 = self.f[1](Y2)
        Y3 = torch.add(u, k1, alpha=-0.038933543885728734 * h)  # (-1779......002...000
        Y3.add_(k2, alpha=0.13595789452450918 * h)  # (6402...527-150...(6))/2004...000
        del Y2, k2
        k3 = self.f[2](Y3)
        Y4 = torch.add(u, k1, alpha=0.03638413148954267 * h)  # (22890147-.../430480000
        Y4.add_(k3, alpha=0.109152394468628 * h)  # (68670441-8851851*sqrt(6))/430480000
        del Y3
        k4 = self.f[3](Y4)
        Y5 = torch.add(u, k1, alpha=2.02576391439397 * h)  # (2368...356+...)/2052...000
        Y5.add_(k3, alpha=-7.638023836496292 * h)  # (-8712...903-284...t(6))/2052...000
        Y5.add_(k4, alpha=6.173259922102322 * h)  # (1873...443+5282...t(6))/5131...250
        del k3, Y4
        k5 = self.f[4](Y5)
        del Y5
        Y7 = torch.add(u, k1, alpha=0.13160063579752163 * h)  # (4508...17...3940...000
        Y7.add_(k4, alpha=-0.29572762526696367 * h)  # (-3820...787-86...(6))/8425...750
        Y7.add_(k5, alpha=0.08781378035642952 * h)  # (1570...521-464...(6))/4935...000
        Y6 = torch.add(u, k1, alpha=0.05112275589406061 * h)  # (1138...63...1576...000
        Y6.add_(k4, alpha=0.17708237945550215 * h)  # (1619...831-235...(6))/5886...450
        Y6.add_(k5, alpha=0.0008027762409222502 * h)  # (1659...977-66...6))/4179...000
        del k4, k5
        k6 = self.f[5](Y6)
        Y7.add_(k6, alpha=0.6213052975225275 * h)  # (-725851782+8578...t(6))/3380...000
        del Y6
        k7 = self.f[6](Y7)
        Y8 = torch.add(u, k1, alpha=0.07166666666666667 * h)  # 43/600
        Y8.add_(k6, alpha=0.33055335789153195 * h)  # (688+43*sqrt(6))/2400
        Y8.add_(k7, alpha=0.24277997544180138 * h)  # (688-43*sqrt(6))/2400
        del Y7
        k8 = self.f[7](Y8)
        Y9 = torch.add(u, k1, alpha=0.071806640625 * h)  # 7353/102400
        Y9.add_(k6, alpha=0.3294380283228177 * h)  # (45666+8901*sqrt(6))/204800
        Y9.add_(k7, alpha=0.11651900292718229 * h)  # (45666-8901*sqrt(6))/204800
        Y9.add_(k8, alpha=-0.034013671875 * h)  # -3483/102400
        del Y8
        k9 = self.f[8](Y9)
        Y10 = torch.add(u, k1, alpha=0.04836757646340647 * h)  # 3767...853/7788...000
        Y10.add_(k6, alpha=0.03928989925676164 * h)  # (1127...674-210...(6))/1557...000
        Y10.add_(k7, alpha=0.10547409458903446 * h)  # (1127...674+210...(6))/1557...000
        Y10.add_(k8, alpha=-0.021438652846483126 * h)  # -185526...6647/865384...0000
        Y10.add_(k9, alpha=-0.10412291746271944 * h)  # -316779...3409/304236...0000
        del Y9
        k10 = self.f[9](Y10)
        del Y10
        Y12 = torch.add(u, k1, alpha=0.036890092487086225 * h)  # (1286...2...781...625
        Y12.add_(k6, alpha=-0.1465181576725543 * h)  # (-1702...104+24...(6))/1158...385
        Y12.add_(k7, alpha=0.22425777681720244 * h)  # (-4099...248+11...(6))/1115...125
        Y12.add_(k8, alpha=0.022944057170660725 * h)  # (5610...208-14...6))/9288...875
        Y12.add_(k9, alpha=-0.003585005290572876 * h)  # (5459...328-22...6))/3012...125
        Y12.add_(k10, alpha=0.08669223316444385 * h)  # (9391...000-17...6))/5815...783
        Y13 = torch.add(u, k1, alpha=-0.48660122151133406 * h)  # (-5604......880...000
        Y13.add_(k6, alpha=-6.304602650282853 * h)  # (-2095...468-85...(6))/3656...000
        Y13.add_(k7, alpha=-0.2812456182894726 * h)  # (-1509...616+57...(6))/3523...000
        Y13.add_(k8, alpha=-2.6790192362198493 * h)  # (-6518...399-59...(6))/2979...000
        Y13.add_(k9, alpha=0.5188156639241576 * h)  # (8857...578-297...(6))/3010...625
        Y13.add_(k10, alpha=1.3653531876033418 * h)  # (2208...274-376...(6))/9413...875
        Y14 = torch.add(u, k1, alpha=0.41853674577534716 * h)  # (4734...31...4480...000
        Y14.add_(k6, alpha=6.724547581906459 * h)  # (4446...007+6727...t(6))/6856...250
        Y14.add_(k7, alpha=-0.4254442801646118 * h)  # (2976...084-132...(6))/6605...250
        Y14.add_(k8, alpha=3.3432791530012658 * h)  # (4077...471+418...(6))/1526...500
        Y14.add_(k9, alpha=0.6170816631175378 * h)  # (-1788...288+89...(6))/6629...375
        Y14.add_(k10, alpha=-0.9299661239399328 * h)  # (-2784...984+6...6))/1225...375
        Y15 = torch.add(u, k1, alpha=-0.7793740861228846 * h)  # (-2518...6...1137...250
        Y15.add_(k6, alpha=-13.937342538107776 * h)  # (-2795...488-75...(6))/2019...845
        Y15.add_(k7, alpha=1.2520488533793572 * h)  # (-1827...856+84...(6))/1945...625
        Y15.add_(k8, alpha=-14.69150040801687 * h)  # (-1161...772-54...(6))/8810...125
        Y15.add_(k9, alpha=-0.4947050585331417 * h)  # (3020...672-132...(6))/4337...875
        Y15.add_(k10, alpha=2.2429749091462368 * h)  # (9765...000-228...(6))/1856...599
        u_next = torch.add(wide(u), k1, alpha=0.014611976858423152 * h)  # 8198......528
        u_next.add_(k8, alpha=-0.3915211862331339 * h)  # -455655...0000/116380...7869
        u_next.add_(k9, alpha=0.23109325002895065 * h)  # 199651...0000/863944...4599
        u_next.add_(k10, alpha=0.12747667699928525 * h)  # 892311...0000/699979...5391
        Y11 = torch.add(u, k1, alpha=-0.026645614872014785 * h)  # (-8539......087...500
        Y11.add_(k6, alpha=0.03333333333333333 * h)  # 1/30
        Y11.add_(k7, alpha=-0.1631072244872467 * h)  # (-5730...916-12...(6))/2297...250
        Y11.add_(k8, alpha=0.033960816841277615 * h)  # (4389...607+25...6))/3098...500
        Y11.add_(k9, alpha=0.1572319413814626 * h)  # (4990...976+333...(6))/8375...875
        Y11.add_(k10, alpha=0.21522674780318796 * h)  # (1099...000+10...6))/6257...891
        del k1, k6, k7, k8, k9, k10
        k11 = self.f[10](Y11)
        Y13.add_(k11, alpha=5.8850910885039465 * h)  # 225099...2541/382491...2500
        Y14.add_(k11, alpha=-6.099948804751011 * h)  # -342411...8516/561334...3125
        Y15.add_(k11, alpha=13.367893803828643 * h)  # 473389...0525/354124...6291
        u_next.add_(k11, alpha=0.2246434176204158 * h)  # 471042...3492/209684...3467
        Y12.add_(k11, alpha=0.43838406519683376 * h)  # 123461...1952/281629...2461
        del Y11, k11
        k12 = self.f[11](Y12)
        Y14.add_(k12, alpha=-3.002206187889399 * h)  # -343204...2609/114317...0000
        Y15.add_(k12, alpha=14.396650486650687 * h)  # 333514...4637/231661...8966
        u_next.add_(k12, alpha=0.5684352689748513 * h)  # 208450...4083/366708...9608
        Y13.add_(k12, alpha=2.8028087862720628 * h)  # 268934...4493/959516...0000
        del Y12, k12
        k13 = self.f[12](Y13)
        Y15.add_(k13, alpha=-0.79758133317768 * h)  # -387149...0000/485404...1767
        u_next.add_(k13, alpha=0.058258715572158275 * h)  # 605303...0000/103899...6989
        Y14.add_(k13, alpha=0.2553202529443446 * h)  # 474693...9984/185920...4877
        del Y13, k13
        k14 = self.f[13](Y14)
        u_next.add_(k14, alpha=0.13643174034822156 * h)  # 917401...7500/672424...1463
        Y15.add_(k14, alpha=0.4409353709534278 * h)  # 148002...8125/335655...0489
        del Y14, k14
        k15 = self.f[14](Y15)
        u_next.add_(k15, alpha=0.030570139830827976 * h)  # 258544...3957/845743...7531
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
