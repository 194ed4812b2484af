"""Trainable two-stage family of order 2.

method    heun_family
source    Hairer, Norsett, Wanner (1993), Solving ODEs I, II.1
proof     Order 2: all conditions up to it hold exactly, not all of order 3.
          Verified at a = 1/2.
options   step fixed, weights per stage
made by   butcher 0 from a scheme with digest 4de89edb37cc3654
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class HeunFamily(nn.Module):
    """Trainable two-stage family of order 2.

        k1 = f1(u[n])
        k2 = f2(u[n] + a h k1)
        u[n+1] = u[n] + h ((-1+2*a)/(2*a) k1 + 1/(2*a) k2)

    f1 and f2 are `self.f[0]` and `self.f[1]`; they keep the shape of what they are
    given.

    Where the block changes shape, `transition` maps u[n]; f1 reads u[n] before that,
    and maps to the new shape itself.

    a is trained.
    """

    order = 2
    stages = 2
    nfe = 2
    states = ("u[n]",)

    def __init__(
        self,
        f: SubNet,
        *,
        h: float = 1.0,
        a: float = 0.5,
        transition: SubNet | None = None,
    ) -> None:
        super().__init__()
        self.f = nn.ModuleList(sub_nets(f, 2))
        if transition is None:
            transition = nn.Identity
        (self.transition,) = sub_nets(transition, 1, "transition")
        self.h = h
        self.a_free = nn.Parameter(unbounded("a", a, 0.25, 1.25))

    def forward(self, u: Tensor) -> Tensor:
        """One step, from a tensor of any shape but () to another."""
        h = self.h
        a = self.a.to(u.dtype)
        k1 = self.f[0](u)
        u = self.transition(u).to(u.dtype)
        u_next = torch.addcmul(wide(u), k1, (a - 0.5) / a * h)  # (-1+2*a)/(2*a)
        Y2 = moved(u, k1, a * h, self.f[1])
        del k1
        k2 = self.f[1](Y2)
        u_next = torch.addcmul(u_next, k2, 0.5 / a * h)  # 1/(2*a)
        return u_next.to(u.dtype)

    @property
    def a(self) -> Tensor:
        """Inside (0.25, 1.25), wherever training takes `a_free`."""
        return bounded(self.a_free, 0.25, 1.25)

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


def bounded(free: Tensor, low: float, high: float) -> Tensor:
    """A smooth map of all numbers into (low, high)."""
    return low + (high - low) * torch.sigmoid(free)


def unbounded(name: str, value: float, low: float, high: float) -> Tensor:
    """What `bounded` maps to `value`, of shape (1,)."""
    if not low < value < high:
        raise ValueError(f"{name} must start inside ({low}, {high}), not at {value}")
    return torch.tensor([(value - low) / (high - value)]).log()


def wide(u: Tensor) -> Tensor:
    """In single precision at least: what is summed up there is rounded once."""
    return u.to(torch.promote_types(u.dtype, torch.float32))


KEEPS_INPUT = (
    nn.Linear,
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.BatchNorm3d,
    nn.LayerNorm,
    nn.GroupNorm,
)


class Moved(torch.autograd.Function):
    """x + h d. The slope in h is read off the result y, as d = (y - x) / h."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, d: Tensor, h: Tensor) -> Tensor:
        return torch.addcmul(x, d, h)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        x, d, h = inputs
        ctx.save_for_backward(x, output, h)
        ctx.save_for_forward(d, h)  # let go of when the forward pass is done

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x, y, h = ctx.saved_tensors
        return g, h * g, (g * (y - x)).sum().reshape(h.shape) / h

    @staticmethod
    def jvp(ctx: Any, x_dot: Tensor, d_dot: Tensor, h_dot: Tensor) -> Tensor:
        d, h = ctx.saved_tensors
        return x_dot + h * d_dot + h_dot * d


def moved(x: Tensor, d: Tensor, h: Tensor, reader: nn.Module | None = None) -> Tensor:
    """x + h d, where bounds keep h away from 0.

    In single and double precision it keeps x and the result for the backward pass, which
    sub-nets keep anyway, instead of d; not if `reader` begins with a layer that may not.
    The slope in h is then exact up to roundings of x, divided by h.
    """
    while isinstance(reader, nn.Sequential) and len(reader):
        reader = reader[0]
    kept = reader is None or isinstance(reader, KEEPS_INPUT)
    exact = x.dtype == d.dtype and x.dtype in (torch.float32, torch.float64)
    traced = torch.compiler.is_compiling() or torch.jit.is_tracing()  # type: ignore[attr-defined]
    if kept and exact and not traced:
        return Moved.apply(x, d, h)
    return torch.addcmul(x, d, h)
