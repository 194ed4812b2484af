"""Adams-Bashforth unit.

method    ab2_step
source    Lembke, Linear Multi-step Units: A Worthy Improvement?, future work
proof     Order 2: all conditions up to it hold exactly, not all of order 3.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest bc4e4927c81d3362
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class Ab2Step(nn.Module):
    """Adams-Bashforth unit.

        k = f(u[n])
        u[n+1] = u[n] + h (3/2 k - 1/2 k[n-1])

    f is `self.f[0]`; it keeps the shape of what it is given.

    In and out goes the tuple (u[n], k[n-1]); `start` makes the first.

    Where the block changes shape, `transition` maps u[n] and k[n-1]; f reads u[n]
    before that, and maps to the new shape itself.
    """

    order = 2
    stages = 1
    nfe = 1
    states = ("u[n]", "k[n-1]")

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
        self.transition = nn.ModuleList(sub_nets(transition, 2, "transition"))
        self.h = h

    def forward(self, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """One step, from tensors of any shape, the same for all, to others."""
        u, k_prev = state
        h = self.h
        Pu = self.transition[0](u).to(u.dtype)
        k_prev = self.transition[1](k_prev).to(k_prev.dtype)
        u_next = torch.add(wide(Pu), k_prev, alpha=-0.5 * h)  # -1/2
        k = self.f[0](u)
        u_next.add_(k, alpha=1.5 * h)  # 3/2
        return u_next.to(u.dtype), k.to(u.dtype)

    def start(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """The state before the first block: earlier evaluations are the first one."""
        k = self.f[0](u)
        return u, k.to(u.dtype)

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
