"""Linear multi-step unit.

method    lm_resnet
source    Lu, Zhong, Li, Dong (2018), eq. 1
proof     Order 0: it misses the condition of order 1.
          Verified at k = -1/20.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 2b6bec7a6d4d999d
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class LmResnet(nn.Module):
    """Linear multi-step unit.

        k1 = f(u[n])
        u[n+1] = (1-k) u[n] + k u[n-1] + h k1

    f is `self.f[0]`; it keeps the shape of what it is given.

    In and out goes the tuple (u[n], u[n-1]); `start` makes the first.

    Where the block changes shape, `transition` maps u[n] and u[n-1]; f reads u[n]
    before that, and maps to the new shape itself.

    k is trained and starts uniform(-1/10, 0).
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
        k: float | None = None,
        transition: SubNet | None = None,
    ) -> None:
        super().__init__()
        self.f = nn.ModuleList(sub_nets(f, 1))
        if transition is None:
            transition = nn.Identity
        self.transition = nn.ModuleList(sub_nets(transition, 2, "transition"))
        self.h = h
        self.k = nn.Parameter(torch.empty(1).uniform_(-0.1, 0.0))
        if k is not None:
            nn.init.constant_(self.k, k)

    def forward(self, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """One step, from tensors of any shape but (), the same for all, to others."""
        u, u_prev = state
        h = self.h
        k = self.k.to(u.dtype)
        k1 = self.f[0](u)
        u = self.transition[0](u).to(u.dtype)
        u_prev = self.transition[1](u_prev).to(u_prev.dtype)
        u_next = (1 - k) * wide(u)
        u_next = torch.addcmul(u_next, u_prev, k)
        u_next.add_(k1, alpha=h)
        return u_next.to(u.dtype), u

    def start(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """The state before the first block: earlier values are the same."""
        return u, u

    def inverse(self, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """The state before the step to this one; in evaluation mode, k not 0."""
        if not all(isinstance(p, nn.Identity) for p in self.transition):
            raise RuntimeError("a block with a transition has no inverse")
        u_next, u = state
        h = self.h
        k = self.k.to(u_next.dtype)
        k1 = self.f[0](u)
        u_prev = torch.addcmul(u_next, u, k - 1)
        u_prev.add_(k1, alpha=-h)
        u_prev = u_prev / k
        return u, u_prev.to(u_next.dtype)

    def extra_repr(self) -> str:
        return f"h={self.h}, k learned"


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
