"""Milne-Simpson corrector.

method    milne_simpson4
source    Hairer, Norsett, Wanner (1993), Solving ODEs I, III.1
proof     Order 4: all conditions up to it hold exactly, not all of order 5.
          With 4 sweeps the block has order 4, verified exactly.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 1fdb12894e5026ad
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class MilneSimpson4(nn.Module):
    """Milne-Simpson corrector.

        f[n+1].1 = f(u[n-1] + h (4/3 f[n] + 1/3 f[n-1]))
        f[n+1].2 = f(u[n-1] + h (1/3 f[n+1].1 + 4/3 f[n] + 1/3 f[n-1]))
        f[n+1].3 = f(u[n-1] + h (1/3 f[n+1].2 + 4/3 f[n] + 1/3 f[n-1]))
        f[n+1].4 = f(u[n-1] + h (1/3 f[n+1].3 + 4/3 f[n] + 1/3 f[n-1]))
        u[n+1] = u[n-1] + h (1/3 f[n+1].4 + 4/3 f[n] + 1/3 f[n-1])

    f is `self.f[0]`; it keeps the shape of what it is given.

    Sweep j evaluates f[n+1].j with what sweep j - 1 left, the first without the terms
    that it does not know yet; all 4 have the same weights.

    In and out goes the tuple (u[n], u[n-1], f[n], f[n-1]); `start` makes the first.

    Where the block changes shape, `transition` maps u[n], u[n-1], f[n] and f[n-1].
    """

    order = 4
    stages = 1
    nfe = 4
    states = ("u[n]", "u[n-1]", "f[n]", "f[n-1]")

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
        u, u_prev, f, f_prev = state
        h = self.h
        u = self.transition[0](u).to(u.dtype)
        u_prev = self.transition[1](u_prev).to(u_prev.dtype)
        f = self.transition[2](f).to(f.dtype)
        f_prev = self.transition[3](f_prev).to(f_prev.dtype)
        u_next_1 = torch.add(u_prev, f, alpha=1.3333333333333333 * h)  # 4/3
        u_next_1.add_(f_prev, alpha=0.3333333333333333 * h)  # 1/3
        # sweep 1
        f_next_1 = self.f[0](u_next_1)
        u_next_2 = torch.add(u_prev, f, alpha=1.3333333333333333 * h)  # 4/3
        u_next_2.add_(f_prev, alpha=0.3333333333333333 * h)  # 1/3
        u_next_2.add_(f_next_1, alpha=0.3333333333333333 * h)  # 1/3
        del u_next_1, f_next_1
        # sweep 2
        f_next_2 = self.f[0](u_next_2)
        u_next_3 = torch.add(u_prev, f, alpha=1.3333333333333333 * h)  # 4/3
        u_next_3.add_(f_prev, alpha=0.3333333333333333 * h)  # 1/3
        u_next_3.add_(f_next_2, alpha=0.3333333333333333 * h)  # 1/3
        del u_next_2, f_next_2
        # sweep 3
        f_next_3 = self.f[0](u_next_3)
        del u_next_3
        u_next = torch.add(wide(u_prev), f, alpha=1.3333333333333333 * h)  # 4/3
        u_next.add_(f_prev, alpha=0.3333333333333333 * h)  # 1/3
        u_next_4 = torch.add(u_prev, f, alpha=1.3333333333333333 * h)  # 4/3
        u_next_4.add_(f_prev, alpha=0.3333333333333333 * h)  # 1/3
        u_next_4.add_(f_next_3, alpha=0.3333333333333333 * h)  # 1/3
        del f_next_3
        # sweep 4
        f_next_4 = self.f[0](u_next_4)
        u_next.add_(f_next_4, alpha=0.3333333333333333 * h)  # 1/3
        return u_next.to(u.dtype), u, f_next_4.to(u.dtype), f

    def start(self, u: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The state before the first block: earlier values are the same, earlier
        evaluations are the first one.
        """
        f_next_1 = self.f[0](u)
        return u, u, f_next_1.to(u.dtype), f_next_1.to(u.dtype)

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
