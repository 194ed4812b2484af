"""Backward Euler.

method    backward_euler
source    Hairer, Norsett, Wanner (1993), Solving ODEs I, II.7
proof     Order 1: all conditions up to it hold exactly, not all of order 2.
          With 2 sweeps the block has order 1, verified exactly.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest da314cacf19304d0
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class BackwardEuler(nn.Module):
    """Backward Euler.

        k1.1 = f(u[n])
        k1.2 = f(u[n] + h k1.1)
        u[n+1] = u[n] + h k1.2

    f is `self.f[0]`; it keeps the shape of what it is given.

    Sweep j evaluates k1.j with what sweep j - 1 left, the first without the terms that
    it does not know yet; all 2 have the same weights.

    `transition` maps u[n]; f is used before and after that, so it keeps the shape.
    """

    order = 1
    stages = 1
    nfe = 2
    states = ("u[n]",)

    def __init__(
        self,
        f: SubNet,
        *,
        h: float = 1.0,
        transition: SubNet | None = None,
    ) -> None:
        super().__init__()
        self.f = nn.ModuleList(sub_nets(f, 1))
        if transition is None:
            transition = nn.Identity
        (self.transition,) = sub_nets(transition, 1, "transition")
        self.h = h

    def forward(self, u: Tensor) -> Tensor:
        """One step, from a tensor of any shape to another."""
        h = self.h
        # sweep 1
        k1_1 = self.f[0](u)
        u = self.transition(u).to(u.dtype)
        Y1_2 = torch.add(u, k1_1, alpha=h)
        del k1_1
        # sweep 2
        k1_2 = self.f[0](Y1_2)
        u_next = torch.add(u, k1_2, alpha=h)
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
