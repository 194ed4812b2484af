"""LayerScale.

method    layerscale
source    Touvron, Cord, Sablayrolles, Synnaeve, Jegou (2021), arXiv:2103.17239
proof     Order 0: it misses the condition of order 1.
          Verified at a = 1/10.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 2581be2bec9c35ec
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class Layerscale(nn.Module):
    """LayerScale.

        k1 = f(u[n])
        u[n+1] = u[n] + a h k1

    f is `self.f[0]`; it keeps the shape of what it is given.

    Where the block changes shape, `transition` maps u[n]; f reads u[n] before that, and
    maps to the new shape itself.

    a is trained, a vector over dimension 1. Without `channels` its size is that of the
    first input: run the block once before its parameters go to an optimizer or another
    process.
    """

    order = 0
    stages = 1
    nfe = 1
    states = ("u[n]",)

    def __init__(
        self,
        f: SubNet,
        *,
        h: float = 1.0,
        a: float = 0.1,
        channels: int | None = None,
        transition: SubNet | None = None,
    ) -> None:
        super().__init__()
        self.f = nn.ModuleList(sub_nets(f, 1))
        if transition is None:
            transition = nn.Identity
        (self.transition,) = sub_nets(transition, 1, "transition")
        self.h = h
        self.a_start = a
        self.a = nn.UninitializedParameter()
        if channels is not None:
            self.size(channels)

    def forward(self, u: Tensor) -> Tensor:
        """One step, from a tensor of shape (N, C, ...) to another."""
        h = self.h
        k1 = self.f[0](u)
        u = self.transition(u).to(u.dtype)
        self.size(u.shape[1])
        a = self.a.to(u.dtype).reshape(-1, *(1,) * (u.dim() - 2))
        u_next = torch.addcmul(u, k1, a * h)
        return u_next.to(u.dtype)

    def size(self, channels: int) -> None:
        """Give what is per channel its size, where it has none yet."""
        if isinstance(self.a, nn.UninitializedParameter):
            self.a.materialize((channels,))
            nn.init.constant_(self.a, self.a_start)

    def _save_to_state_dict(
        self,
        destination: dict[str, Tensor],
        prefix: str,
        keep_vars: bool,
    ) -> None:
        """What has no size yet is saved as it is."""
        is_lazy = isinstance(self.a, nn.UninitializedParameter)
        super()._save_to_state_dict(destination, prefix, keep_vars or is_lazy)

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Tensor],
        prefix: str,
        *args: object,
    ) -> None:
        """What has no size yet takes that of what is loaded."""
        loaded = state_dict.get(f"{prefix}a")
        if loaded is not None and not isinstance(loaded, nn.UninitializedParameter):
            self.size(loaded.shape[0])
        super()._load_from_state_dict(state_dict, prefix, *args)

    def extra_repr(self) -> str:
        return f"h={self.h}, a learned"


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
