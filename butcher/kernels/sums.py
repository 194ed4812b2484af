"""The notation of a block: values that rows read, and sums of them, written as on paper.

    u = spread(u, 3)                      three rows read u: Y1, Y2, u_next
    k1 = spread(self.f[0](gather(u)), 1)
    Y2 = gather(u + h * (0.5 * k1))
    k2 = spread(self.f[1](Y2), 1)
    return gather(u + h * k2)

What `spread` gives can be added, and multiplied by numbers and by a trained h; `gather` computes
the sum. Where autograd does not run in eager mode (torch.compile, export, torch.func, tracing), and
for tensors that are more than their elements, both hand on what they are given: the same text is
then torch's own arithmetic, for the compiler to fuse and for a transform to transform.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

from butcher.kernels.rows import Part, compute
from butcher.kernels.values import Step, Term, Value


def spread(x: Tensor, readers: int) -> Any:
    """The value x, to be read by `readers` rows; the last one that reads it lets go of it.

    A number that is too large keeps x alive for longer; one that is too small is an error when
    another row reads it. The result is for sums and `gather` alone: a sub-net is given `gather(x)`.
    """
    return x if is_plain(x) else one(x, readers)


def recovered(h: Tensor) -> Any:
    """A trained h, the gradient of which needs no evaluation to be kept: it is <g, X - s> / h.

    For an h that stays away from 0, and sub-nets that do not write into their argument. In half
    precision, and of any other h, what it multiplies is kept, and its gradient exact.
    """
    return h if is_plain(h) else Step(h, recover=h.dtype in (torch.float32, torch.float64))


def behind(transition: nn.Module, x: Any, readers: int) -> Any:
    """The value x behind the transition of a block, to be read by `readers` rows.

    The identity leaves it the value that it is, so x was spread to those, too.
    """
    if type(transition) is nn.Identity:
        return x
    tensor = gather(x)
    new = transition(tensor).to(tensor.dtype)
    if is_plain(new):
        return new
    return one(new, readers, x.terms[0][1] if isinstance(x, Sum) else None)


def gather(row: Any, *begun: Any) -> Any:
    """The tensor that a sum amounts to, of the type and layout of its first term, in one kernel.

    A value alone costs none, a tensor stays what it is. With more than one sum, the first is
    computed, and the others are begun with what they are so far, in the same kernel, which reads
    each value once:

        Y3, u_next = gather(u + h * (0.5 * k1 + k2), u + h * (0.2 * k1))
        ...
        return gather(u_next + h * (0.8 * k3))

    In float16 and bfloat16 it adds up in single precision on CUDA, and elsewhere as a chain of
    `add_` does; what is begun is rounded each time.
    """
    sums = (row, *begun)
    parts = {i: Part.of(s.terms, s.begun) for i, s in enumerate(sums) if isinstance(s, Sum)}
    compute(list(parts.values()))
    whole = parts[0].result() if 0 in parts else row
    rest = [Sum((), parts[i]) if i in parts else s for i, s in enumerate(sums)][1:]
    return (whole, *rest) if begun else whole


def is_plain(x: Tensor) -> bool:
    """Whether the arithmetic is for someone other than eager autograd, or x no plain tensor."""
    return (
        type(x) not in (Tensor, nn.Parameter)
        or not x.is_floating_point()
        or torch.compiler.is_compiling()
        or torch._C._is_tracing()
        or torch._C._are_functorch_transforms_active()
        or forward_ad._current_level >= 0
    )


def one(x: Tensor, readers: int = 1, after: Value | None = None) -> Sum:
    return Sum(((1.0, Value(x, readers, after), None),))


class Sum:
    """A sum of values that is written down and not yet computed, to be added to what is `begun`."""

    __slots__ = ("begun", "terms")

    def __init__(self, terms: tuple[Term, ...], begun: Part | None = None) -> None:
        self.terms, self.begun = terms, begun

    def __add__(self, other: object) -> Sum:
        if not isinstance(other, Sum):
            return self + one(other) if isinstance(other, Tensor) else NotImplemented
        if other.begun is not None:
            raise TypeError("a row that has been begun comes first: write Y3 + h * k2")
        return Sum(self.terms + other.terms, self.begun)

    def __radd__(self, other: object) -> Sum:
        return one(other) + self if isinstance(other, Tensor) else NotImplemented

    def __neg__(self) -> Sum:
        return self * -1

    def __sub__(self, other: Sum | Tensor) -> Sum:
        return self + -other

    def __rsub__(self, other: Tensor) -> Sum:
        return other + -self

    def __mul__(self, factor: object) -> Sum:
        """By a number; or by a trained h, once."""
        if self.begun is not None:
            raise TypeError("a row that has been begun is added to, not multiplied")
        if isinstance(factor, int | float):
            return Sum(tuple([(c * factor, value, step) for c, value, step in self.terms]))
        if isinstance(factor, Tensor):
            factor = Step(factor)
        return self.times(factor) if isinstance(factor, Step) else NotImplemented

    __rmul__ = __mul__

    def times(self, h: Step) -> Sum:
        if h.h.numel() != 1:
            raise TypeError(
                f"a sum is multiplied by numbers and by a step of one element, not by a tensor of "
                f"shape {tuple(h.h.shape)}: compile the method in its plain form"
            )
        if any(step is not None for _, _, step in self.terms):
            raise TypeError("a sum is multiplied by a trained step once: write h * (0.5 * k1 + k2)")
        return Sum(tuple([(c, value, h) for c, value, _ in self.terms]))
