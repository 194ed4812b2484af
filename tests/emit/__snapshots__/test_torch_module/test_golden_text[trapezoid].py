"""Trapezoidal rule (Crank-Nicolson).

method    trapezoid
source    Crank, Nicolson (1947); Hairer, Norsett, Wanner (1993), Solving ODEs I, II.7
proof     Order 2: all conditions up to it hold exactly, not all of order 3.
          With 2 sweeps the block has order 2, verified exactly.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 2080f30331f0cd0f
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class Trapezoid(nn.Module):
    """Trapezoidal rule (Crank-Nicolson).

        k1 = f1(u[n])
        k2.1 = f2(u[n] + 1/2 h k1)
        k2.2 = f2(u[n] + h (1/2 k1 + 1/2 k2.1))
        u[n+1] = u[n] + h (1/2 k1 + 1/2 k2.2)

    f1 and f2 are `self.f[0]` and `self.f[1]`; they keep the shape of what they are
    given.

    Sweep j evaluates k2.j with what sweep j - 1 left, the first without the terms that
    it does not know yet; all 2 have the same weights.

    Where the block changes shape, `transition` maps u[n]; f1 reads u[n] before that,
    and maps to the new shape itself.
    """

    order = 2
    stages = 2
    nfe = 3
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
        k1 = self.f[0](u)
        u = self.transition(u).to(u.dtype)
        Y2_1 = torch.add(u, k1, alpha=0.5 * h)  # 1/2
        # sweep 1
        k2_1 = self.f[1](Y2_1)
        del Y2_1
        u_next = torch.add(wide(u), k1, alpha=0.5 * h)  # 1/2
        Y2_2 = torch.add(u, k1, alpha=0.5 * h)  # 1/2
        Y2_2.add_(k2_1, alpha=0.5 * h)  # 1/2
        del k1, k2_1
        # sweep 2
        k2_2 = self.f[1](Y2_2)
        u_next.add_(k2_2, alpha=0.5 * h)  # 1/2
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
