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
        Y2 = torch.addcmul(u, k1, 0.08333333333333333 * h)  # 1/12
        k2 = self.f[1](Y2)
        dY3 = 0.037037037037037035 * k1  # 1/27
        dY3.add_(k2, alpha=0.07407407407407407)  # 2/27
        Y3 = torch.addcmul(u, dY3, h)
        del Y2, k2, dY3
        k3 = self.f[2](Y3)
        dY4 = 0.041666666666666664 * k1  # 1/24
        dY4.add_(k3, alpha=0.125)  # 1/8
        Y4 = torch.addcmul(u, dY4, h)
        del Y3, dY4
        k4 = self.f[3](Y4)
        dY5 = 0.6246720955243167 * k1  # (4+94*sqrt(6))/375
        dY5.add_(k3, alpha=-2.398057107150296)  # (-94-84*sqrt(6))/125
        dY5.add_(k4, alpha=2.2333169773304027)  # (328+208*sqrt(6))/375
        Y5 = torch.addcmul(u, dY5, h)
        del k3, Y4, dY5
        k5 = self.f[4](Y5)
        del Y5
        dY7 = 0.06162164740338976 * k1  # (927-347*sqrt(6))/1250
        dY7.add_(k4, alpha=0.18153182241228044)  # (-16248+7328*sqrt(6))/9375
        dY7.add_(k5, alpha=-0.013477689611149632)  # (-489+179*sqrt(6))/3750
        dY6 = 0.04367006838144548 * k1  # (9-sqrt(6))/150
        dY6.add_(k4, alpha=0.2739534538730258)  # (312+32*sqrt(6))/1425
        dY6.add_(k5, alpha=0.24567579393107397)  # (69+29*sqrt(6))/570
        Y6 = torch.addcmul(u, dY6, h)
        del k4, k5, dY6
        k6 = self.f[5](Y6)
        dY7.add_(k6, alpha=0.007024903609934228)  # (14268-5798*sqrt(6))/9375
        Y7 = torch.addcmul(u, dY7, h)
        del Y6, dY7
        k7 = self.f[6](Y7)
        dY8 = 0.07407407407407407 * k1  # 2/27
        dY8.add_(k6, alpha=0.25093537513364483)  # (16-sqrt(6))/54
        dY8.add_(k7, alpha=0.3416572174589477)  # (16+sqrt(6))/54
        Y8 = torch.addcmul(u, dY8, h)
        del Y7, dY8
        k8 = self.f[7](Y8)
        dY9 = 0.07421875 * k1  # 19/256
        dY9.add_(k6, alpha=0.12043307796091192)  # (118-23*sqrt(6))/512
        dY9.add_(k7, alpha=0.3405044220390881)  # (118+23*sqrt(6))/512
        dY9.add_(k8, alpha=-0.03515625)  # -9/256
        Y9 = torch.addcmul(u, dY9, h)
        del Y8, dY9
        k9 = self.f[8](Y9)
        dY10 = 0.0763888888888889 * k1  # 11/144
        dY10.add_(k6, alpha=0.3050353127977046)  # (266-sqrt(6))/864
        dY10.add_(k7, alpha=0.31070542794303607)  # (266+sqrt(6))/864
        dY10.add_(k8, alpha=-0.0625)  # -1/16
        dY10.add_(k9, alpha=-0.2962962962962963)  # -8/27
        Y10 = torch.addcmul(u, dY10, h)
        del Y9, dY10
        k10 = self.f[9](Y10)
        dY11 = 0.07112936653166925 * k1  # (5034-271*sqrt(6))/61440
        dY11.add_(k7, alpha=0.378528288890093)  # (7859-1626*sqrt(6))/10240
        dY11.add_(k8, alpha=-0.011746330035023253)  # (-2232+813*sqrt(6))/20480
        dY11.add_(k9, alpha=0.07272054197316799)  # (-594+271*sqrt(6))/960
        dY11.add_(k10, alpha=-0.260631867359907)  # (657-813*sqrt(6))/5120
        Y11 = torch.addcmul(u, dY11, h)
        del Y10, dY11
        k11 = self.f[10](Y11)
        del Y11
        dY13 = 0.08780375928196306 * k1  # (3793+2168*sqrt(6))/103680
        dY13.add_(k6, alpha=0.6933735017302034)  # (4042+2263*sqrt(6))/13824
        dY13.add_(k7, alpha=-1.9030978898017554)  # (-231278+40717*sqrt(6))/69120
        dY13.add_(k8, alpha=0.22886338868455466)  # (7947-2168*sqrt(6))/11520
        dY13.add_(k9, alpha=-0.6904282483666235)  # (1048-542*sqrt(6))/405
        dY13.add_(k10, alpha=-0.07691188807155204)  # (-1383+542*sqrt(6))/720
        dY13.add_(k11, alpha=2.4919278252611585)  # 2624/1053
        dY14 = -0.10570987654320987 * k1  # -137/1296
        dY14.add_(k6, alpha=5.574678190604247)  # (5642-337*sqrt(6))/864
        dY14.add_(k7, alpha=7.4855069945809385)  # (5642+337*sqrt(6))/864
        dY14.add_(k8, alpha=-6.229166666666667)  # -299/48
        dY14.add_(k9, alpha=2.271604938271605)  # 184/81
        dY14.add_(k10, alpha=-4.888888888888889)  # -44/9
        dY14.add_(k11, alpha=-4.862298195631529)  # -5120/1053
        dY15 = 0.05460359999545924 * k1  # (33617-2168*sqrt(6))/518400
        dY15.add_(k6, alpha=-0.27271888150851575)  # (-3846+31*sqrt(6))/13824
        dY15.add_(k7, alpha=0.07519616653023355)  # (155338-52807*sqrt(6))/345600
        dY15.add_(k8, alpha=-0.12546017773691093)  # (-12537+2168*sqrt(6))/57600
        dY15.add_(k9, alpha=0.7010486126362877)  # (92+542*sqrt(6))/2025
        dY15.add_(k10, alpha=-0.8679509557190229)  # (-1797-542*sqrt(6))/3600
        dY15.add_(k11, alpha=0.564373897707231)  # 320/567
        dY16 = -0.39640169053274327 * k1  # (-36487-30352*sqrt(6))/279600
        dY16.add_(k6, alpha=-5.456847418559753)  # (-29666-4499*sqrt(6))/7456
        dY16.add_(k7, alpha=6.8152492203252)  # (2779182-615973*sqrt(6))/186400
        dY16.add_(k8, alpha=1.3810272319620716)  # (-94329+91056*sqrt(6))/93200
        dY16.add_(k9, alpha=3.730795461620606)  # (-232192+121408*sqrt(6))/17475
        dY16.add_(k10, alpha=7.805290213782615)  # (101226-22764*sqrt(6))/5825
        dY16.add_(k11, alpha=-18.706283701991858)  # -169984/9087
        du_next = 0.06130952380952381 * wide(k1)  # 103/1680
        du_next.add_(k8, alpha=-0.19285714285714287)  # -27/140
        du_next.add_(k9, alpha=0.7238095238095238)  # 76/105
        du_next.add_(k10, alpha=-0.7178571428571429)  # -201/280
        du_next.add_(k11, alpha=0.7501831501831502)  # 1024/1365
        derr = 0.0175 * wide(k1)  # 7/400
        derr.add_(k8, alpha=-0.315)  # -63/200
        derr.add_(k9, alpha=0.56)  # 14/25
        derr.add_(k10, alpha=-1.05)  # -21/20
        derr.add_(k11, alpha=1.0502564102564103)  # 1024/975
        dY12 = -8.141639713875007 * k1  # (5996-3794*sqrt(6))/405
        dY12.add_(k6, alpha=-574.4363925623015)  # (-4342-338*sqrt(6))/9
        dY12.add_(k7, alpha=413.4855110109495)  # (154922-40458*sqrt(6))/135
        dY12.add_(k8, alpha=113.7192018693195)  # (-4176+3794*sqrt(6))/45
        dY12.add_(k9, alpha=626.941484897877)  # (-340864+242816*sqrt(6))/405
        dY12.add_(k10, alpha=-241.54347414394468)  # (26304-15176*sqrt(6))/45
        dY12.add_(k11, alpha=-328.69135802469134)  # -26624/81
        Y12 = torch.addcmul(u, dY12, h)
        del k1, k6, k7, k8, k9, k10, k11, dY12
        k12 = self.f[11](Y12)
        dY14.add_(k12, alpha=-0.023504273504273504)  # -11/468
        dY15.add_(k12, alpha=-0.0005208333333333333)  # -1/1920
        dY16.add_(k12, alpha=-0.002872235061076263)  # -87/30290
        du_next.add_(k12, alpha=0.0004120879120879121)  # 3/7280
        derr.add_(k12, alpha=0.000576923076923077)  # 3/5200
        dY13.add_(k12, alpha=0.0018028846153846155)  # 3/1664
        Y13 = torch.addcmul(u, dY13, h)
        del Y12, k12, dY13
        k13 = self.f[12](Y13)
        dY15.add_(k13, alpha=0.0380952380952381)  # 4/105
        dY16.add_(k13, alpha=0.4223175965665236)  # 492/1165
        du_next.add_(k13, alpha=0.34285714285714286)  # 12/35
        derr.add_(k13, alpha=0.12)  # 3/25
        dY14.add_(k13, alpha=1.7777777777777777)  # 16/9
        Y14 = torch.addcmul(u, dY14, h)
        del Y13, k13, dY14
        k14 = self.f[13](Y14)
        du_next.add_(k14, alpha=0.03214285714285714)  # 9/280
        derr.add_(k14, alpha=0.03214285714285714)  # 9/280
        Y15 = torch.addcmul(u, dY15, h)
        del Y14, k14, dY15
        k15 = self.f[14](Y15)
        derr.add_(k15, alpha=-0.36)  # -9/25
        dY16.add_(k15, alpha=5.407725321888412)  # 1260/233
        Y16 = torch.addcmul(u, dY16, h)
        del Y15, k15, dY16
        k16 = self.f[15](Y16)
        u_next = torch.addcmul(u, du_next, h)
        derr.add_(k16, alpha=-0.05547619047619048)  # -233/4200
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
