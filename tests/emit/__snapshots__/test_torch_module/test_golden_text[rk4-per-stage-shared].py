"""Classical Runge-Kutta.

method    rk4
source    Kutta, Z. Math. Phys. 46 (1901) 435-453
proof     Order 4: all conditions up to it hold exactly, not all of order 5.
options   step learned per stage, weights shared
made by   butcher 0 from a scheme with digest 6bd8b8ce35ce80fd
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class Rk4(nn.Module):
    """Classical Runge-Kutta.

        k1 = f(u[n])
        k2 = f(u[n] + 1/2 h k1)
        k3 = f(u[n] + 1/2 h k2)
        k4 = f(u[n] + h k3)
        u[n+1] = u[n] + h (1/6 k1 + 1/3 k2 + 1/3 k3 + 1/6 k4)

    f is `self.f[0]`; it keeps the shape of what it is given.

    `transition` maps u[n]; f is used before and after that, so it keeps the shape.

    h is trained, one for each sum that it stands in.
    """

    order = 4
    stages = 4
    nfe = 4
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
        self.h = nn.ParameterList(torch.tensor([float(h)]) for _ in range(4))

    def forward(self, u: Tensor) -> Tensor:
        """One step, from a tensor of any shape but () to another."""
        h = [step.to(u.dtype) for step in self.h]
        k1 = self.f[0](u)
        u = self.transition(u).to(u.dtype)
        Y2 = torch.addcmul(u, k1, 0.5 * h[0])  # 1/2
        k2 = self.f[0](Y2)
        del Y2
        du_next = 0.16666666666666666 * wide(k1)  # 1/6
        du_next.add_(k2, alpha=0.3333333333333333)  # 1/3
        Y3 = torch.addcmul(u, k2, 0.5 * h[1])  # 1/2
        del k1, k2
        k3 = self.f[0](Y3)
        du_next.add_(k3, alpha=0.3333333333333333)  # 1/3
        Y4 = torch.addcmul(u, k3, h[2])
        del Y3, k3
        k4 = self.f[0](Y4)
        du_next.add_(k4, alpha=0.16666666666666666)  # 1/6
        u_next = torch.addcmul(u, du_next, h[3])
        return u_next.to(u.dtype)

    def extra_repr(self) -> str:
        return "h learned"


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
