"""What a sum is made of: values that several rows read, times a number and perhaps a trained h."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

import torch
from torch import Tensor

from butcher.kernels.gradients import Column

# By twos: a state behind its transition comes right after itself, where terms are added up.
SERIAL = count(step=2)


@dataclass(frozen=True, eq=False)
class Step:
    """A trained h; `recover` says that its gradient is found without keeping what it multiplies."""

    h: Tensor
    recover: bool = False

    def __mul__(self, other: Any) -> Any:
        """h times a sum; times a tensor, where the arithmetic is torch's."""
        return self.h * other if isinstance(other, Tensor) else other * self


class Value:
    """A tensor that `left` more rows will read, and the edges along which their gradients return.

    Reads that h multiplies, and those that it does not, have columns of their own: rarely a value
    has both, as an evaluation that is also handed to the next block.
    """

    __slots__ = ("columns", "dtype", "left", "readers", "serial", "shape", "tensor", "version")

    def __init__(self, tensor: Tensor, readers: int, after: Value | None = None) -> None:
        self.tensor: Tensor | None = tensor
        self.shape, self.dtype = tensor.shape, tensor.dtype
        self.readers = self.left = readers
        self.serial: int = next(SERIAL) if after is None else after.serial + 1
        self.version = version(tensor)
        self.columns: dict[tuple[int, bool], tuple[Tensor | None, list[float], Any]] = {}

    def read(self, c: float, step: Step | None, dtype: torch.dtype, edges: list[Tensor]) -> Tensor:
        """The tensor, for a row of type `dtype` that takes it times c, or times h c; to `edges`
        the one back, if gradients are computed."""
        tensor = self.tensor
        if tensor is None:
            raise RuntimeError(
                f"a value that was spread to {self.readers} is read by one row more: "
                f"write spread(..., {self.readers + 1}), the number of rows that read it"
            )
        if version(tensor) != self.version:
            raise RuntimeError(
                "a value was written into before the last row had read it: a sub-net that begins "
                "with an operation in place (nn.ReLU(inplace=True)) must not, here"
            )
        if torch.is_grad_enabled():
            edges.append(self.edge(tensor, c, step, dtype))
        self.left -= 1
        if not self.left:
            self.tensor = None
            self.columns.clear()
        return tensor

    def edge(self, tensor: Tensor, c: float, step: Step | None, dtype: torch.dtype) -> Tensor:
        h, recover = (None, False) if step is None else (step.h, step.recover)
        # The key holds while h lives, which stands in the entry.
        key = id(h), recover
        if key not in self.columns:
            coefficients: list[float] = []
            edges = Column.apply(tensor, h, coefficients, self.left, dtype, recover)
            self.columns[key] = h, coefficients, iter(edges)
        _, coefficients, edges = self.columns[key]
        coefficients.append(c)
        return next(edges)  # type: ignore[no-any-return]


# coefficient * value, or h * coefficient * value
Term = tuple[float, Value, Step | None]


def version(x: Tensor) -> int:
    """How often x was written into, as far as torch counts it."""
    return 0 if x.is_inference() else x._version
