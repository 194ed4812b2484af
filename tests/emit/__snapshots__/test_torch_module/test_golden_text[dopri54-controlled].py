"""Dormand-Prince 5(4).

method    dopri54
source    Dormand, Prince, J. Comput. Appl. Math. 6 (1980) 19-26
proof     Order 5: all conditions up to it hold exactly, not all of order 6.
          Embedded order 4: all conditions up to it hold exactly, not all of order 5.
options   step controlled, weights per stage
made by   butcher 0 from a scheme with digest 7cd70e228d3b339e
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class Dopri54(nn.Module):
    """Dormand-Prince 5(4).

        k1 = f1(u[n])
        k2 = f2(u[n] + 1/5 h k1)
        k3 = f3(u[n] + h (3/40 k1 + 9/40 k2))
        k4 = f4(u[n] + h (44/45 k1 - 56/15 k2 + 32/9 k3))
        k5 = f5(u[n] + h [k1, k2, k3, k4])
        k6 = f6(u[n] + h [k1, k2, k3, k4, k5])
        u[n+1] = u[n] + h [k1, k3, k4, k5, k6]
        k7 = f7(u[n+1])
        err = h [k1, k3, k4, k5, k6, k7]

    f1 to f7 are `self.f[0]` to `self.f[6]`; they keep the shape of what they are given.
    [k1, k2] stands for a weighted sum; the weights are those in `step`.

    h is the step that is tried. One call of the block advances t by `self.h` in total,
    in as many steps as the tolerances want, all with the same sub-nets. Afterwards
    `accepted` and `rejected` count them, where each sample has its own step one number
    a sample, and `evaluations` how often sub-nets were called.

    The order and the estimate are those of a single f. Where the sub-nets of the stages
    differ, err is of order h however high the order: a small tolerance makes the steps
    short.

    f7 serves the estimate alone and is trained with `detach=False` only; else
    DistributedDataParallel has to find unused parameters.
    """

    order = 5
    stages = 7
    nfe = 7
    states = ("u[n]",)

    def __init__(
        self,
        f: SubNet,
        *,
        h: float = 1.0,
        rtol: float = 1e-3,
        atol: float = 1e-6,
        controller: str | Sequence[float] = "I",
        per: str = "batch",
        relative_to: str = "element",
        exponent: float = 1 / 5,
        safety: float = 0.8,
        factor_min: float = 0.125,
        factor_max: float = 4.0,
        first_step: float | None = None,
        max_steps: int = 1000,
        detach: bool = True,
    ) -> None:
        """Step control.

        A step is accepted if its error, in tolerances, is at most 1: the root mean square
        over all elements of err / (atol + rtol * max(|u[n]|, |u[n+1]|)). With e1 this error
        and e2, e3 those of the steps accepted before, the next step is longer by the factor
        safety * (e1**b1 * e2**b2 * e3**b3) ** -exponent, after a rejected step by
        safety * e1 ** -exponent; factor_min and factor_max bound both.

        h            how far one call advances t, in all its steps
        controller   b1, b2, b3; "I" is (1, 0, 0), "PI" (0.7, -0.4, 0),
                     "PID" (0.49, -0.34, 0.1)
        per          "batch": one step for all samples. "sample": each has its own; what has
                     arrived stays as it is
        relative_to  "element", or "state": an error is then the root mean square of err,
                     over atol + rtol * that of the larger one of u[n] and u[n+1]
        exponent     as it is, 1 / (q + 1), where q = 4 is the lower order of the pair
        first_step   the length that is tried first; None is all of h
        max_steps    how many steps one call may try, accepted and rejected
        detach       whether gradients take the lengths of the steps for constants; if not,
                     they go through the controller and what rejected steps told it
        """
        super().__init__()
        self.f = nn.ModuleList(sub_nets(f, 7))
        self.h = h
        if not (rtol >= 0 and atol >= 0 and rtol + atol > 0):
            raise ValueError(f"rtol, atol are 0 or more, not both 0: {rtol}, {atol}")
        if per not in {"batch", "sample"}:
            raise ValueError(f'per is "batch" or "sample", not {per!r}')
        if relative_to not in {"element", "state"}:
            raise ValueError(f'relative_to: "element" or "state", not {relative_to!r}')
        if not (0 < safety <= 1 and 0 < factor_min < 1 <= factor_max):
            found = f"{factor_min} and {factor_max}, safety {safety}"
            raise ValueError(f"factor_min < 1 <= factor_max, safety <= 1, not {found}")
        if first_step is not None and not first_step > 0:
            raise ValueError(f"first_step is a length above 0, not {first_step}")
        if not (isinstance(max_steps, int) and max_steps >= 1):
            raise ValueError(f"max_steps is a number from 1 on, not {max_steps!r}")
        if not 0 <= exponent < math.inf:
            raise ValueError(f"exponent is 0 or more, not {exponent}")
        self.rtol, self.atol, self.relative_to = rtol, atol, relative_to
        self.per, self.betas, self.exponent = per, betas(controller), exponent
        self.safety, self.factor_min, self.factor_max = safety, factor_min, factor_max
        self.first_step, self.max_steps, self.detach = first_step, max_steps, detach
        self.accepted: Tensor | None = None
        self.rejected: Tensor | None = None
        self.evaluations: Tensor | None = None

    def forward(self, u: Tensor) -> Tensor:
        """All the way h, from a tensor of shape (N, ...) to another.

        Eagerly this is a loop, and the graph is that of the accepted steps. Compiled and
        exported it is `torch.while_loop`. There rejected steps are in the graph, and one
        that overflows makes gradients NaN; and sub-nets must not change what they hold, as
        a BatchNorm in training does. Export it under `torch.no_grad()`, for evaluation.

        Where `max_steps` do not suffice, a RuntimeError says how far it came; compiled and
        exported, the result is NaN.

        Sub-nets see rejected steps, too: in training a BatchNorm counts them in.
        """
        at = self.begin(u)
        if torch.compiler.is_compiling():
            (at,) = torch.while_loop(
                self.unfinished,
                lambda at: (self.turn(at),),
                (at,),
            )
        else:
            while self.unfinished(at):
                at = self.turn(at)
        if not torch.compiler.is_exporting():
            each = at.accepted.shape[:1]  # () or (N,)
            self.accepted = at.accepted.reshape(each)
            self.rejected = at.rejected.reshape(each)
            self.evaluations = at.attempts * self.nfe
        if torch.compiler.is_compiling():
            return torch.where(at.done < 1, math.nan, at.u)
        if (at.done < 1).any():
            raise RuntimeError(self.stuck(at))
        return at.u

    def step(self, u: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """One step of length h: the new value, the error of the pair."""
        k1 = self.f[0](u)
        Y2 = torch.addcmul(u, k1, 0.2 * h)  # 1/5
        k2 = self.f[1](Y2)
        dY3 = 0.075 * k1  # 3/40
        dY3.add_(k2, alpha=0.225)  # 9/40
        Y3 = torch.addcmul(u, dY3, h)
        del Y2, dY3
        k3 = self.f[2](Y3)
        dY4 = 0.9777777777777777 * k1  # 44/45
        dY4.add_(k2, alpha=-3.7333333333333334)  # -56/15
        dY4.add_(k3, alpha=3.5555555555555554)  # 32/9
        Y4 = torch.addcmul(u, dY4, h)
        del Y3, dY4
        k4 = self.f[3](Y4)
        del Y4
        dY6 = 2.8462752525252526 * k1  # 9017/3168
        dY6.add_(k2, alpha=-10.757575757575758)  # -355/33
        dY6.add_(k3, alpha=8.906422717743473)  # 46732/5247
        dY6.add_(k4, alpha=0.2784090909090909)  # 49/176
        du_next = 0.09114583333333333 * wide(k1)  # 35/384
        du_next.add_(k3, alpha=0.44923629829290207)  # 500/1113
        du_next.add_(k4, alpha=0.6510416666666666)  # 125/192
        derr = 0.0012326388888888888 * wide(k1)  # 71/57600
        derr.add_(k3, alpha=-0.0042527702905061394)  # -71/16695
        derr.add_(k4, alpha=0.03697916666666667)  # 71/1920
        dY5 = 2.9525986892242035 * k1  # 19372/6561
        dY5.add_(k2, alpha=-11.595793324188385)  # -25360/2187
        dY5.add_(k3, alpha=9.822892851699436)  # 64448/6561
        dY5.add_(k4, alpha=-0.2908093278463649)  # -212/729
        Y5 = torch.addcmul(u, dY5, h)
        del k1, k2, k3, k4, dY5
        k5 = self.f[4](Y5)
        du_next.add_(k5, alpha=-0.322376179245283)  # -2187/6784
        derr.add_(k5, alpha=-0.05086379716981132)  # -17253/339200
        dY6.add_(k5, alpha=-0.2735313036020583)  # -5103/18656
        Y6 = torch.addcmul(u, dY6, h)
        del Y5, k5, dY6
        k6 = self.f[5](Y6)
        derr.add_(k6, alpha=0.0419047619047619)  # 22/525
        du_next.add_(k6, alpha=0.13095238095238096)  # 11/84
        u_next = torch.addcmul(u, du_next, h)
        del Y6, k6, du_next
        k7 = self.f[6](u_next.to(u.dtype))
        derr.add_(k7, alpha=-0.025)  # -1/40
        err = h * derr
        return u_next.to(u.dtype), err

    def begin(self, u: Tensor) -> Progress:
        """Nothing is done, and all of h or `first_step` of it is to be tried."""
        shape = (u.shape[0], *(1,) * (u.dim() - 1)) if self.per == "sample" else ()
        one = u.new_ones(shape, dtype=torch.promote_types(u.dtype, torch.float32))
        trained = [p for p in self.parameters() if p.requires_grad]
        if torch.compiler.is_compiling() and torch.is_grad_enabled() and trained:
            # `while_loop` takes for constant what needs no gradient before it begins.
            zero = 0 * trained[0].flatten()[0]
            u = u + zero.to(u)
            one = one if self.detach else one + zero.to(one)
        none = torch.zeros_like(one, dtype=torch.int64)
        part = one
        if self.first_step is not None:
            first = (self.first_step / (self.h * one)).detach().abs()
            part = one * first.to(one).reshape(shape)
        return Progress(
            u=u,
            done=0 * one,
            part=part,
            error=one + 0,
            error_before=one + 0,
            accepted=none,
            rejected=none + 0,
            attempts=torch.zeros_like(none.sum()),
        )

    def unfinished(self, at: Progress) -> Tensor:
        """Whether another step is to be tried."""
        return (at.done < 1).any() & (at.attempts < self.max_steps)

    def turn(self, at: Progress) -> Progress:
        """Try a step: on with its result if it is accepted, else again from the same u."""
        left = 1 - at.done
        part = torch.where(1.01 * at.part < left, at.part, left)  # leaves no sliver
        h = (self.h * part).to(at.u.dtype)
        u_next, err = self.step(at.u, h)
        e = self.error(at.u, u_next, err).to(at.done.dtype)
        going = at.done < 1
        # What overflows for one sample is tried again for all: its graph would give NaN.
        accept = going & (e <= 1) & e.isfinite().all()
        reject = going & ~(e <= 1)
        factor = self.factor(accept, e, at.error, at.error_before)
        return Progress(
            u=chosen(accept, u_next, at.u),
            done=torch.where(accept, at.done + part, at.done),
            part=torch.where(accept | reject, part * factor, at.part),
            error=torch.where(accept, e.clamp(min=1e-4), at.error),
            error_before=torch.where(accept, at.error, at.error_before),
            accepted=at.accepted + accept,
            rejected=at.rejected + reject,
            attempts=at.attempts + 1,
        )

    def error(self, u: Tensor, u_next: Tensor, err: Tensor) -> Tensor:
        """The error of a step in tolerances, one or one a sample; infinite if it is NaN."""
        if self.detach:
            u, u_next, err = u.detach(), u_next.detach(), err.detach()
        if self.relative_to == "state":
            size = torch.maximum(self.rms(u), self.rms(u_next))
            e = self.rms(err) / (self.atol + self.rtol * size)
        else:
            size = torch.maximum(u.abs(), u_next.abs())
            e = self.rms(err / (self.atol + self.rtol * size).clamp(min=TINY))
        return e.nan_to_num(nan=math.inf, posinf=math.inf)

    def rms(self, v: Tensor) -> Tensor:
        """The root mean square of all elements, or of those of each sample; never 0."""
        squares = v.to(torch.promote_types(v.dtype, torch.float32)).square()
        if self.per == "batch":
            mean = squares.mean()
        else:
            mean = squares.reshape(v.shape[0], -1).mean(1)
            mean = mean.reshape(-1, *(1,) * (v.dim() - 1))
        return mean.clamp(min=TINY).sqrt()  # the root has no slope at 0

    def factor(self, accept: Tensor, e1: Tensor, e2: Tensor, e3: Tensor) -> Tensor:
        """How many times as long as the step that was tried the next one is."""
        b1, b2, b3 = (-b * self.exponent for b in self.betas)
        factor = torch.where(accept, e1**b1 * e2**b2 * e3**b3, e1**-self.exponent)
        return (self.safety * factor).clamp(self.factor_min, self.factor_max)

    def stuck(self, at: Progress) -> str:
        """What is said when `max_steps` are not enough, of the sample that is least far."""
        least = at.done.argmin()
        parts = torch.ones_like(at.done), at.done, at.part
        h, moved, part = ((self.h * p).flatten()[least].item() for p in parts)
        return (
            f"after {self.max_steps} steps, accepted and rejected, t has advanced by "
            f"{moved:.3g} of h = {h:.3g}, and the next would be {part:.3g}. Raise max_steps, "
            f"rtol or atol; let the stages share one sub-net, since where they differ the "
            f"error is of first order; where steps get ever shorter, look for what is not "
            f"smooth or finite"
        )

    def extra_repr(self) -> str:
        return f"h={self.h}, rtol={self.rtol}, atol={self.atol}"


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


TINY = 1e-37
"""Above 0 in single precision."""


class Progress(NamedTuple):
    """How far a call is: tensors of shape () or, one a sample, (N, 1, ...); attempts ()."""

    u: Tensor
    done: Tensor  # the part of h that t has advanced, from 0 to 1
    part: Tensor  # the part of h that is tried next
    error: Tensor  # of the step accepted last
    error_before: Tensor  # of the one before
    accepted: Tensor
    rejected: Tensor
    attempts: Tensor


def chosen(accept: Tensor, new: Tensor, old: Tensor) -> Tensor:
    """new where it is accepted, else old; what is rejected for all leaves no graph."""
    if not torch.compiler.is_compiling():
        if accept.all():
            return new
        if not accept.any():
            return old
    return torch.where(accept, new, old)


def betas(controller: str | Sequence[float]) -> tuple[float, float, float]:
    """I: Hairer, Norsett, Wanner, Solving ODEs I, II.4. PI: Gustafsson 1991, PI.4.7. PID:
    Kennedy, Carpenter 2003. Three numbers are themselves.
    """
    named = {"I": (1.0, 0.0, 0.0), "PI": (0.7, -0.4, 0.0), "PID": (0.49, -0.34, 0.1)}
    if isinstance(controller, str) and controller in named:
        return named[controller]
    if isinstance(controller, str) or len(controller) != 3:
        raise ValueError(f"controller is I, PI, PID or 3 numbers, not {controller!r}")
    b1, b2, b3 = controller
    return b1, b2, b3
