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

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

from butcher.kernels import operations  # noqa: F401 - registers the operators
from butcher.kernels.gradients import Column, Combination, Row


def spread(x: Tensor, readers: int) -> Any:
    """The value x, to be read by `readers` rows; the last one that reads it lets go of it.

    A number that is too large keeps x alive for longer; one that is too small is an error when
    another row reads it. The result is for sums and `gather` alone: a sub-net is given `gather(x)`.
    """
    return x if is_plain(x) else Sum((Term(1.0, Value(x, readers)),))


def gather(row: Any, *, recover: bool = False) -> Tensor:
    """The tensor that a sum amounts to, of the type and layout of its first term.

    One kernel; none for a value alone. In float16 and bfloat16 it adds up in single precision on
    CUDA, and elsewhere as a chain of `add_` does. With a trained h, every value that it multiplies
    is kept for the gradient of h; `recover=True` keeps none, and divides by h: it is for float32,
    an h that stays away from 0, and sub-nets that do not write into their argument.
    """
    if not isinstance(row, Sum):
        return row  # type: ignore[no-any-return]
    sum_, edges = row.read(recover)
    if not edges:
        return sum_.value()
    return Row.apply(sum_, row.h if recover else None, *edges)  # type: ignore[no-any-return]


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


class Value:
    """A tensor that `left` more rows will read, and the edges along which their gradients return.

    Reads that h multiplies, and those that it does not, have columns of their own: rarely a value
    has both, as an evaluation that is also handed to the next block.
    """

    def __init__(self, tensor: Tensor, readers: int) -> None:
        self.tensor: Tensor | None = tensor
        self.shape, self.dtype = tensor.shape, tensor.dtype
        self.readers = self.left = readers
        self.columns: dict[tuple[int, bool], tuple[Tensor | None, list[float], Any]] = {}

    def read(self, c: float, h: Tensor | None, recover: bool, dtype: torch.dtype) -> Reading:
        """What one row of type `dtype` is given that reads the value times c, or times h c."""
        if self.tensor is None:
            raise RuntimeError(
                f"a value that was spread to {self.readers} is read by one row more: "
                f"write spread(..., {self.readers + 1}), the number of rows that read it"
            )
        tensor = self.tensor
        edge = self.edge(tensor, c, h, recover, dtype) if torch.is_grad_enabled() else None
        self.left -= 1
        if not self.left:
            self.tensor, self.columns = None, {}
        return Reading(tensor, edge)

    def edge(
        self, tensor: Tensor, c: float, h: Tensor | None, recover: bool, dtype: torch.dtype
    ) -> Tensor:
        # The key holds while h lives, which stands in the entry.
        key = id(h), recover
        if key not in self.columns:
            coefficients: list[float] = []
            edges = Column.apply(tensor, h, coefficients, self.left, dtype, recover)
            self.columns[key] = h, coefficients, iter(edges)
        _, coefficients, edges = self.columns[key]
        coefficients.append(c)
        return next(edges)  # type: ignore[no-any-return]


class Reading(NamedTuple):
    """A value, and where the gradient of the row that reads it goes; None without gradients."""

    tensor: Tensor
    edge: Tensor | None


class Term(NamedTuple):
    """coefficient * value, or h * coefficient * value."""

    coefficient: float
    value: Value
    h: Tensor | None = None


@dataclass(frozen=True, eq=False)
class Sum:
    """A sum of values that is written down and not yet computed."""

    terms: tuple[Term, ...]

    def __add__(self, other: object) -> Sum:
        if isinstance(other, Tensor):
            other = Sum((Term(1.0, Value(other, 1)),))
        return Sum(self.terms + other.terms) if isinstance(other, Sum) else NotImplemented

    def __radd__(self, other: object) -> Sum:
        if not isinstance(other, Tensor):
            return NotImplemented
        return Sum((Term(1.0, Value(other, 1)), *self.terms))

    def __neg__(self) -> Sum:
        return self * -1

    def __sub__(self, other: Sum | Tensor) -> Sum:
        return self + -other

    def __rsub__(self, other: Tensor) -> Sum:
        return other + -self

    def __mul__(self, factor: object) -> Sum:
        """By a number; or by a trained h, once."""
        if isinstance(factor, Tensor):
            return self.times(factor)
        if not isinstance(factor, int | float):
            return NotImplemented
        return Sum(tuple(t._replace(coefficient=t.coefficient * factor) for t in self.terms))

    __rmul__ = __mul__

    def times(self, h: Tensor) -> Sum:
        if h.numel() != 1:
            raise TypeError(
                f"a sum is multiplied by numbers and by a step of one element, not by a tensor of "
                f"shape {tuple(h.shape)}: compile the method in its plain form"
            )
        if any(t.h is not None for t in self.terms):
            raise TypeError("a sum is multiplied by a trained step once: write h * (0.5 * k1 + k2)")
        return Sum(tuple(t._replace(h=h) for t in self.terms))

    @property
    def h(self) -> Tensor | None:
        """The trained step of this row; a row has one, or none."""
        steps = [t.h for t in self.terms if t.h is not None]
        if any(h is not steps[0] for h in steps):
            raise TypeError("a row has one trained step: write u + h * (0.5 * k1 + k2)")
        return steps[0] if steps else None

    def read(self, recover: bool) -> tuple[Combination, list[Tensor]]:
        """The tensors of the row, those that h multiplies last, and an edge back for each."""
        h = self.h
        shapes = {tuple(t.value.shape) for t in self.terms}
        if len(shapes) > 1:
            raise ValueError(f"a row adds tensors of one shape, not of {sorted(shapes)}")
        terms = sorted(self.terms, key=lambda t: t.h is not None)
        dtype = self.terms[0].value.dtype
        readings = [t.value.read(t.coefficient, t.h, recover, dtype) for t in terms]
        row = Combination(
            [r.tensor for r in readings],
            [t.coefficient for t in terms],
            h,
            sum(t.h is None for t in terms),
        )
        return row, [r.edge for r in readings if r.edge is not None]
