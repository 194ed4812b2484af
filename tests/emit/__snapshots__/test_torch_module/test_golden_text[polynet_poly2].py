"""PolyNet poly-2.

method    polynet_poly2
source    Zhang, Li, Loy, Lin (2017), PolyNet
proof     Order has no meaning here: the argument of k2 does not keep constants: its
          values add up to 0, not 1.
options   step fixed, weights shared
made by   butcher 0 from a scheme with digest 670e3ecdde37f553
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class PolynetPoly2(nn.Module):
    """PolyNet poly-2.

        k = f(u[n])
        k2 = f(h k)
        u[n+1] = u[n] + h (k + k2)

    f is `self.f[0]`; it keeps the shape of what it is given.

    `transition` maps u[n]; f is used before and after that, so it keeps the shape.
    """

    order: int | None = None
    stages = 2
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
        k = self.f[0](u)
        u = self.transition(u).to(u.dtype)
        u_next = torch.add(wide(u), k, alpha=h)
        Y2 = h * k
        del k
        k2 = self.f[0](Y2)
        u_next.add_(k2, alpha=h)
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
