"""Stochastic depth.

method    stochastic_depth
source    Huang, Sun, Liu, Sedra, Weinberger (2016), Deep Networks with Stochastic Depth
proof     Order 1: all conditions up to it hold exactly, not all of order 2.
          Verified at p = 1, eta = 1.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 755c0f857403dbc8
"""

from collections.abc import Callable, Iterator, Sequence

from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class StochasticDepth(nn.Module):
    """Stochastic depth.

        k1 = f(u[n])
        u[n+1] = u[n] + eta h k1

    f is `self.f[0]`; it keeps the shape of what it is given.

    Where the block changes shape, `transition` maps u[n]; f reads u[n] before that, and
    maps to the new shape itself.

    In training eta is drawn for every sample; else it is its mean.
    """

    order = 1
    stages = 1
    nfe = 1
    states = ("u[n]",)

    def __init__(
        self,
        f: SubNet,
        *,
        h: float = 1.0,
        p: float = 1.0,
        transition: SubNet | None = None,
    ) -> None:
        super().__init__()
        self.f = nn.ModuleList(sub_nets(f, 1))
        if transition is None:
            transition = nn.Identity
        (self.transition,) = sub_nets(transition, 1, "transition")
        self.h = h
        self.p = p

    def forward(self, u: Tensor) -> Tensor:
        """One step, from a tensor of shape (N, ...) to another."""
        h = self.h
        p = self.p
        eta: Tensor | float = p  # the mean
        if self.training:
            eta = u.new_empty(u.shape[0], *(1,) * (u.dim() - 1)).bernoulli_(p)
        k1 = self.f[0](u)
        u = self.transition(u).to(u.dtype)
        u_next = u + eta * h * k1
        return u_next.to(u.dtype)

    def extra_repr(self) -> str:
        return f"h={self.h}, p={self.p}"


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
