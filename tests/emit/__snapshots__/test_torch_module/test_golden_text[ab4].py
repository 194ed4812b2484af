"""Four-step Adams-Bashforth.

method    ab4
source    Bashforth, Adams (1883); Hairer, Norsett, Wanner (1993), Solving ODEs I, III.1
proof     Order 4: all conditions up to it hold exactly, not all of order 5.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 3c6fd6ddd7a681c9
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class Ab4(nn.Module):
    """Four-step Adams-Bashforth.

        f[n] = f(u[n])
        u[n+1] = u[n] + h (55/24 f[n] - 59/24 f[n-1] + 37/24 f[n-2] - 3/8 f[n-3])

    f is `self.f[0]`; it keeps the shape of what it is given.

    In and out goes the tuple (u[n], f[n-1], f[n-2], f[n-3]); `start` makes the first.

    Where the block changes shape, `transition` maps u[n], f[n-1], f[n-2] and f[n-3]; f
    reads u[n] before that, and maps to the new shape itself.
    """

    order = 4
    stages = 1
    nfe = 1
    states = ("u[n]", "f[n-1]", "f[n-2]", "f[n-3]")

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
        self.transition = nn.ModuleList(sub_nets(transition, 4, "transition"))
        self.h = h

    def forward(
        self,
        state: tuple[Tensor, Tensor, Tensor, Tensor],
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """One step, from tensors of any shape, the same for all, to others."""
        u, f_prev, f_prev2, f_prev3 = state
        h = self.h
        Pu = self.transition[0](u).to(u.dtype)
        f_prev = self.transition[1](f_prev).to(f_prev.dtype)
        f_prev2 = self.transition[2](f_prev2).to(f_prev2.dtype)
        f_prev3 = self.transition[3](f_prev3).to(f_prev3.dtype)
        u_next = torch.add(wide(Pu), f_prev, alpha=-2.4583333333333335 * h)  # -59/24
        u_next.add_(f_prev2, alpha=1.5416666666666667 * h)  # 37/24
        u_next.add_(f_prev3, alpha=-0.375 * h)  # -3/8
        f = self.f[0](u)
        u_next.add_(f, alpha=2.2916666666666665 * h)  # 55/24
        return u_next.to(u.dtype), f.to(u.dtype), f_prev, f_prev2

    def start(self, u: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The state before the first block: earlier evaluations are the first one."""
        f = self.f[0](u)
        return u, f.to(u.dtype), f.to(u.dtype), f.to(u.dtype)

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
