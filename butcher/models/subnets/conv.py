"""3x3 convolutions one after the other, each with BN and ReLU: FractalNet's unit."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from torch import nn

from butcher.models.shape import Shape
from butcher.models.subnets.layers import DropRate, Part, conv3x3, dropped, sequential
from butcher.models.subnets.subnet import Subnet


class Conv(Subnet):
    """`times` conv-BN-ReLU (FractalNet: Larsson et al. 2017, section 3); the first one is strided.

    `dropout` stands between convolution and BN, where re-implementations have it: the paper gives
    rates and no place. Parameters: 9 inside outside + (times - 1) 9 outside^2 + 2 times outside.
    """

    kind: Literal["conv"] = "conv"
    times: int = Field(default=1, ge=1)
    dropout: DropRate = 0.0

    @property
    def layers(self) -> int:
        """The convolutions."""
        return self.times

    def make(self, shape: Shape, *, activated: bool = False) -> nn.Module:
        """Begins with a convolution: `activated` changes nothing."""
        parts = self._unit(1, shape)
        for number in range(2, self.times + 1):
            parts += self._unit(number, Shape.same(shape.outside))
        return sequential(parts)

    def _unit(self, number: int, shape: Shape) -> list[Part]:
        """conv-BN-ReLU."""
        return [
            (f"conv{number}", conv3x3(shape.inside, shape.outside, shape.stride)),
            *dropped(number, self.dropout),
            (f"norm{number}", nn.BatchNorm2d(shape.outside)),
            (f"relu{number}", nn.ReLU()),
        ]
