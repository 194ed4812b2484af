"""Radau IIA, two stages.

method    radau_iia3
source    Hairer, Norsett, Wanner (1993), Solving ODEs I, II.7
proof     Order 3: all conditions up to it hold exactly, not all of order 4.
          With 3 sweeps the block has order 3, verified exactly.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 368c42a8daf25d2d
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class RadauIia3(nn.Module):
    """Radau IIA, two stages.

        k1.1 = f1(u[n])
        k2.1 = f2(u[n])
        k1.2 = f1(u[n] + h (5/12 k1.1 - 1/12 k2.1))
        k2.2 = f2(u[n] + h (3/4 k1.1 + 1/4 k2.1))
        k1.3 = f1(u[n] + h (5/12 k1.2 - 1/12 k2.2))
        k2.3 = f2(u[n] + h (3/4 k1.2 + 1/4 k2.2))
        u[n+1] = u[n] + h (3/4 k1.3 + 1/4 k2.3)

    f1 and f2 are `self.f[0]` and `self.f[1]`; they keep the shape of what they are
    given.

    Sweep j evaluates k2.j with what sweep j - 1 left, the first without the terms that
    it does not know yet; all 3 have the same weights.

    `transition` maps u[n]; f1 and f2 are used before and after that, so they keep the
    shape.
    """

    order = 3
    stages = 2
    nfe = 6
    states = ("u[n]",)

    def __init__(
        self,
        f: SubNet,
        *,
        h: float = 1.0,
        transition: SubNet | None = None,
    ) -> None:
        super().__init__()
        self.f = nn.ModuleList(sub_nets(f, 2))
        if transition is None:
            transition = nn.Identity
        (self.transition,) = sub_nets(transition, 1, "transition")
        self.h = h

    def forward(self, u: Tensor) -> Tensor:
        """One step, from a tensor of any shape to another."""
        h = self.h
        # sweep 1
        k1_1 = self.f[0](u)
        k2_1 = self.f[1](u)
        u = self.transition(u).to(u.dtype)
        Y2_2 = torch.add(u, k1_1, alpha=0.75 * h)  # 3/4
        Y2_2.add_(k2_1, alpha=0.25 * h)  # 1/4
        Y1_2 = torch.add(u, k1_1, alpha=0.4166666666666667 * h)  # 5/12
        Y1_2.add_(k2_1, alpha=-0.08333333333333333 * h)  # -1/12
        del k1_1, k2_1
        # sweep 2
        k1_2 = self.f[0](Y1_2)
        del Y1_2
        k2_2 = self.f[1](Y2_2)
        del Y2_2
        Y2_3 = torch.add(u, k1_2, alpha=0.75 * h)  # 3/4
        Y2_3.add_(k2_2, alpha=0.25 * h)  # 1/4
        Y1_3 = torch.add(u, k1_2, alpha=0.4166666666666667 * h)  # 5/12
        Y1_3.add_(k2_2, alpha=-0.08333333333333333 * h)  # -1/12
        del k1_2, k2_2
        # sweep 3
        k1_3 = self.f[0](Y1_3)
        del Y1_3
        u_next = torch.add(wide(u), k1_3, alpha=0.75 * h)  # 3/4
        del k1_3
        k2_3 = self.f[1](Y2_3)
        u_next.add_(k2_3, alpha=0.25 * h)  # 1/4
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
