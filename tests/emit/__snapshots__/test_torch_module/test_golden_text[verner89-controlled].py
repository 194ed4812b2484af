"""Verner 8(9).

method    verner89
source    Verner, SIAM J. Numer. Anal. 15 (1978) 772-790
proof     Order 8: all conditions up to it hold exactly, not all of order 9.
          Embedded order 9: all conditions up to it hold exactly, not all of order 10.
options   step controlled, weights per stage
made by   butcher 0 from a scheme with digest 2469ac81a46b0112
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

SubNet = nn.Module | Sequence[nn.Module] | Callable[[], nn.Module]


class Verner89(nn.Module):
    """Verner 8(9).

        k1 = f1(u[n])
        k2 = f2(u[n] + 1/12 h k1)
        k3 = f3(u[n] + h (1/27 k1 + 2/27 k2))
        k4 = f4(u[n] + h (1/24 k1 + 1/8 k3))
        k5 = f5(u[n] + h [k1, k3, k4])
        k6 = f6(u[n] + h [k1, k4, k5])
        k7 = f7(u[n] + h [k1, k4, k5, k6])
        k8 = f8(u[n] + h (2/27 k1 + (16-sqrt(6))/54 k6 + (16+sqrt(6))/54 k7))
        k9 = f9(u[n] + h [k1, k6, k7, k8])
        k10 = f10(u[n] + h [k1, k6, k7, k8, k9])
        k11 = f11(u[n] + h [k1, k7, k8, k9, k10])
        k12 = f12(u[n] + h [k1, k6, k7, k8, k9, k10, k11])
        k13 = f13(u[n] + h [k1, k6, k7, k8, k9, k10, k11, k12])
        k14 = f14(u[n] + h [k1, k6, k7, k8, k9, k10, k11, k12, k13])
        k15 = f15(u[n] + h [k1, k6, k7, k8, k9, k10, k11, k12, k13])
        k16 = f16(u[n] + h [k1, k6, k7, k8, k9, k10, k11, k12, k13, k15])
        u[n+1] = u[n] + h [k1, k8, k9, k10, k11, k12, k13, k14]
        err = h [k1, k8, k9, k10, k11, k12, k13, k14, k15, k16]

    f1 to f16 are `self.f[0]` to `self.f[15]`; they keep the shape of what they are
    given. [k1, k2] stands for a weighted sum; the weights are those in `step`.

    h is the step that is tried. One call of the block advances t by `self.h` in total,
    in as many steps as the tolerances want, all with the same sub-nets. Afterwards
    `accepted` and `rejected` count them, where each sample has its own step one number
    a sample, and `evaluations` how often sub-nets were called.

    The order and the estimate are those of a single f. Where the sub-nets of the stages
    differ, err is of order h however high the order: a small tolerance makes the steps
    short.

    f15 and f16 serve the estimate alone and are trained with `detach=False` only; else
    DistributedDataParallel has to find unused parameters.
    """

    order = 8
    stages = 16
    nfe = 16
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
        exponent: float = 1 / 9,
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
        exponent     as it is, 1 / (q + 1), where q = 8 is the lower order of the pair
        first_step   the length that is tried first; None is all of h
        max_steps    how many steps one call may try, accepted and rejected
        detach       whether gradients take the lengths of the steps for constants; if not,
                     they go through the controller and what rejected steps told it
        """
        super().__init__()
        self.f = nn.ModuleList(sub_nets(f, 16))
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
        k2 = self.f[1](u + 0.08333333333333333 * h * k1)  # 1/12
        Y3 = u + h * (
            0.037037037037037035 * k1  # 1/27
            + 0.07407407407407407 * k2  # 2/27
        )
        k3 = self.f[2](Y3)
        Y4 = u + h * (
            0.041666666666666664 * k1  # 1/24
            + 0.125 * k3  # 1/8
        )
        k4 = self.f[3](Y4)
        Y5 = u + h * (
            0.6246720955243167 * k1  # (4+94*sqrt(6))/375
            - 2.398057107150296 * k3  # (-94-84*sqrt(6))/125
            + 2.2333169773304027 * k4  # (328+208*sqrt(6))/375
        )
        k5 = self.f[4](Y5)
        Y6 = u + h * (
            0.04367006838144548 * k1  # (9-sqrt(6))/150
            + 0.2739534538730258 * k4  # (312+32*sqrt(6))/1425
            + 0.24567579393107397 * k5  # (69+29*sqrt(6))/570
        )
        k6 = self.f[5](Y6)
        Y7 = u + h * (
            0.06162164740338976 * k1  # (927-347*sqrt(6))/1250
            + 0.18153182241228044 * k4  # (-16248+7328*sqrt(6))/9375
            - 0.013477689611149632 * k5  # (-489+179*sqrt(6))/3750
            + 0.007024903609934228 * k6  # (14268-5798*sqrt(6))/9375
        )
        k7 = self.f[6](Y7)
        Y8 = u + h * (
            0.07407407407407407 * k1  # 2/27
            + 0.25093537513364483 * k6  # (16-sqrt(6))/54
            + 0.3416572174589477 * k7  # (16+sqrt(6))/54
        )
        k8 = self.f[7](Y8)
        Y9 = u + h * (
            0.07421875 * k1  # 19/256
            + 0.12043307796091192 * k6  # (118-23*sqrt(6))/512
            + 0.3405044220390881 * k7  # (118+23*sqrt(6))/512
            - 0.03515625 * k8  # -9/256
        )
        k9 = self.f[8](Y9)
        Y10 = u + h * (
            0.0763888888888889 * k1  # 11/144
            + 0.3050353127977046 * k6  # (266-sqrt(6))/864
            + 0.31070542794303607 * k7  # (266+sqrt(6))/864
            - 0.0625 * k8  # -1/16
            - 0.2962962962962963 * k9  # -8/27
        )
        k10 = self.f[9](Y10)
        Y11 = u + h * (
            0.07112936653166925 * k1  # (5034-271*sqrt(6))/61440
            + 0.378528288890093 * k7  # (7859-1626*sqrt(6))/10240
            - 0.011746330035023253 * k8  # (-2232+813*sqrt(6))/20480
            + 0.07272054197316799 * k9  # (-594+271*sqrt(6))/960
            - 0.260631867359907 * k10  # (657-813*sqrt(6))/5120
        )
        k11 = self.f[10](Y11)
        Y12 = u + h * (
            -8.141639713875007 * k1  # (5996-3794*sqrt(6))/405
            - 574.4363925623015 * k6  # (-4342-338*sqrt(6))/9
            + 413.4855110109495 * k7  # (154922-40458*sqrt(6))/135
            + 113.7192018693195 * k8  # (-4176+3794*sqrt(6))/45
            + 626.941484897877 * k9  # (-340864+242816*sqrt(6))/405
            - 241.54347414394468 * k10  # (26304-15176*sqrt(6))/45
            - 328.69135802469134 * k11  # -26624/81
        )
        k12 = self.f[11](Y12)
        Y13 = u + h * (
            0.08780375928196306 * k1  # (3793+2168*sqrt(6))/103680
            + 0.6933735017302034 * k6  # (4042+2263*sqrt(6))/13824
            - 1.9030978898017554 * k7  # (-231278+40717*sqrt(6))/69120
            + 0.22886338868455466 * k8  # (7947-2168*sqrt(6))/11520
            - 0.6904282483666235 * k9  # (1048-542*sqrt(6))/405
            - 0.07691188807155204 * k10  # (-1383+542*sqrt(6))/720
            + 2.4919278252611585 * k11  # 2624/1053
            + 0.0018028846153846155 * k12  # 3/1664
        )
        k13 = self.f[12](Y13)
        Y14 = u + h * (
            -0.10570987654320987 * k1  # -137/1296
            + 5.574678190604247 * k6  # (5642-337*sqrt(6))/864
            + 7.4855069945809385 * k7  # (5642+337*sqrt(6))/864
            - 6.229166666666667 * k8  # -299/48
            + 2.271604938271605 * k9  # 184/81
            - 4.888888888888889 * k10  # -44/9
            - 4.862298195631529 * k11  # -5120/1053
            - 0.023504273504273504 * k12  # -11/468
            + 1.7777777777777777 * k13  # 16/9
        )
        k14 = self.f[13](Y14)
        Y15 = u + h * (
            0.05460359999545924 * k1  # (33617-2168*sqrt(6))/518400
            - 0.27271888150851575 * k6  # (-3846+31*sqrt(6))/13824
            + 0.07519616653023355 * k7  # (155338-52807*sqrt(6))/345600
            - 0.12546017773691093 * k8  # (-12537+2168*sqrt(6))/57600
            + 0.7010486126362877 * k9  # (92+542*sqrt(6))/2025
            - 0.8679509557190229 * k10  # (-1797-542*sqrt(6))/3600
            + 0.564373897707231 * k11  # 320/567
            - 0.0005208333333333333 * k12  # -1/1920
            + 0.0380952380952381 * k13  # 4/105
        )
        k15 = self.f[14](Y15)
        Y16 = u + h * (
            -0.39640169053274327 * k1  # (-36487-30352*sqrt(6))/279600
            - 5.456847418559753 * k6  # (-29666-4499*sqrt(6))/7456
            + 6.8152492203252 * k7  # (2779182-615973*sqrt(6))/186400
            + 1.3810272319620716 * k8  # (-94329+91056*sqrt(6))/93200
            + 3.730795461620606 * k9  # (-232192+121408*sqrt(6))/17475
            + 7.805290213782615 * k10  # (101226-22764*sqrt(6))/5825
            - 18.706283701991858 * k11  # -169984/9087
            - 0.002872235061076263 * k12  # -87/30290
            + 0.4223175965665236 * k13  # 492/1165
            + 5.407725321888412 * k15  # 1260/233
        )
        k16 = self.f[15](Y16)
        u_next = u + h * (
            0.06130952380952381 * k1  # 103/1680
            - 0.19285714285714287 * k8  # -27/140
            + 0.7238095238095238 * k9  # 76/105
            - 0.7178571428571429 * k10  # -201/280
            + 0.7501831501831502 * k11  # 1024/1365
            + 0.0004120879120879121 * k12  # 3/7280
            + 0.34285714285714286 * k13  # 12/35
            + 0.03214285714285714 * k14  # 9/280
        )
        err = h * (
            0.0175 * k1  # 7/400
            - 0.315 * k8  # -63/200
            + 0.56 * k9  # 14/25
            - 1.05 * k10  # -21/20
            + 1.0502564102564103 * k11  # 1024/975
            + 0.000576923076923077 * k12  # 3/5200
            + 0.12 * k13  # 3/25
            + 0.03214285714285714 * k14  # 9/280
            - 0.36 * k15  # -9/25
            - 0.05547619047619048 * k16  # -233/4200
        )
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
        yield net


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
