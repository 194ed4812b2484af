"""Linear multi-step unit with stochastic depth.

method    stochastic_lm
source    Lu, Zhong, Li, Dong (2018)
proof     Order 0: it misses the condition of order 1.
          Verified at p = 1, g = -19/20, eta = 1.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest c6ff9f01fb864668
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class StochasticLm(nn.Module):
    """Linear multi-step unit with stochastic depth.

        k1 = f(u[n])
        u[n+1] = (2+g) u[n] - (1+g) u[n-1] + eta h k1

    f is `self.f[0]`; it keeps the shape of what it is given.

    In and out goes the tuple (u[n], u[n-1]); `start` makes the first.

    Where the block changes shape, `transition` maps u[n] and u[n-1]; f reads u[n]
    before that, and maps to the new shape itself.

    g is trained and starts uniform(-1, -9/10).

    In training eta is drawn for every sample; else it is its mean.
    """

    order = 0
    stages = 1
    nfe = 1
    states = ("u[n]", "u[n-1]")

    def __init__(
        self,
        f: SubNet,
        *,
        h: float = 1.0,
        p: float = 1.0,
        g: float | None = None,
        transition: SubNet | None = None,
    ) -> None:
        super().__init__()
        self.f = nn.ModuleList(sub_nets(f, 1))
        if transition is None:
            transition = nn.Identity
        self.transition = nn.ModuleList(sub_nets(transition, 2, "transition"))
        self.h = h
        self.p = p
        self.g = nn.Parameter(torch.empty(1).uniform_(-1.0, -0.9))
        if g is not None:
            nn.init.constant_(self.g, g)

    def forward(self, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """One step, from tensors of shape (N, ...), the same for all, to others."""
        u, u_prev = state
        h = self.h
        p = self.p
        g = self.g.to(u.dtype)
        eta: Tensor | float = p  # the mean
        if self.training:
            eta = u.new_empty(u.shape[0], *(1,) * (u.dim() - 1)).bernoulli_(p)
        k1 = self.f[0](u)
        u = self.transition[0](u).to(u.dtype)
        u_prev = self.transition[1](u_prev).to(u_prev.dtype)
        u_next = (2 + g) * wide(u)
        u_next = torch.addcmul(u_next, u_prev, -(1 + g))
        u_next.add_(eta * h * k1)
        return u_next.to(u.dtype), u

    def start(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """The state before the first block: earlier values are the same."""
        return u, u

    def extra_repr(self) -> str:
        return f"h={self.h}, p={self.p}, g learned"


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
