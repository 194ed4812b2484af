"""1x1, 3x3 and 1x1: a convolution in fewer channels, or in groups of them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from torch import nn

from butcher.models.shape import Shape
from butcher.models.subnets.layers import activation, conv1x1, conv3x3, convolved, sequential
from butcher.models.subnets.subnet import Subnet

StrideIn = Literal["1x1", "3x3"]
"""Which convolution takes the stride: the first 1x1 as published, or the 3x3."""


class Narrowed(Subnet):
    """Three convolutions; `outside` is `expansion` times the planes that the middle is made of."""

    expansion: int = Field(default=4, ge=1)

    @property
    def layers(self) -> int:
        """The three convolutions."""
        return 3

    @property
    def widening(self) -> int:
        """outside / planes."""
        return self.expansion

    def planes(self, shape: Shape) -> int:
        """outside / expansion, which is whole."""
        planes, rest = divmod(shape.outside, self.expansion)
        if rest:
            raise self.refuse(
                shape, f"outside must be a multiple of the expansion, {self.expansion}"
            )
        return planes


class Bottleneck(Narrowed):
    """conv1x1-BN-ReLU-conv3x3-BN-ReLU-conv1x1-BN (He et al. 2016, Deep Residual Learning, fig. 5).

    `stride_in = "1x1"` is the paper's, "3x3" what torchvision calls version 1.5.
    Parameters, m = outside / expansion: m inside + 9 m^2 + m outside + 4 m + 2 outside.
    """

    kind: Literal["bottleneck"] = "bottleneck"
    stride_in: StrideIn = "3x3"

    def make(self, shape: Shape, *, activated: bool = False) -> nn.Module:
        """Begins with a convolution: `activated` changes nothing."""
        first, second = strides(shape, self.stride_in)
        middle = self.planes(shape)
        return postactivation(shape, middle, first, conv3x3(middle, middle, second))


class PreActivationBottleneck(Narrowed):
    """BN-ReLU-conv1x1, BN-ReLU-conv3x3, BN-ReLU-conv1x1 (He et al. 2016, Identity Mappings).

    Parameters, m = outside / expansion: m inside + 9 m^2 + m outside + 4 m + 2 inside, less
    2 inside if activated.
    """

    kind: Literal["preactivation-bottleneck"] = "preactivation-bottleneck"
    stride_in: StrideIn = "3x3"

    def make(self, shape: Shape, *, activated: bool = False) -> nn.Module:
        """`activated`: without the first BN-ReLU."""
        first, second = strides(shape, self.stride_in)
        middle = self.planes(shape)
        return sequential(
            [
                *([] if activated else activation(1, shape.inside)),
                ("conv1", conv1x1(shape.inside, middle, first)),
                *activation(2, middle),
                ("conv2", conv3x3(middle, middle, second)),
                *activation(3, middle),
                ("conv3", conv1x1(middle, shape.outside)),
            ]
        )


class Grouped(Narrowed):
    """A bottleneck whose 3x3 works in `cardinality` groups (ResNeXt, Xie et al. 2017, figure 3c).

    Each has floor(planes width / 64) channels, planes = outside / expansion: `width` is that of
    a group where there are 64 planes, so ResNeXt-29 (8x64d) is cardinality 8 and width 64.
    Parameters, m = cardinality times those channels:
    m inside + 9 m^2 / cardinality + m outside + 4 m + 2 outside.
    """

    kind: Literal["grouped"] = "grouped"
    cardinality: int = Field(default=8, ge=1)
    width: int = Field(default=64, ge=1)

    def make(self, shape: Shape, *, activated: bool = False) -> nn.Module:
        """Begins with a convolution: `activated` changes nothing. The 3x3 takes the stride."""
        group = self.planes(shape) * self.width // 64
        if group == 0:
            least = self.expansion * -(-64 // self.width)
            raise self.refuse(shape, f"its groups are empty; outside must be {least} or more")
        middle = self.cardinality * group
        conv = conv3x3(middle, middle, shape.stride, self.cardinality)
        return postactivation(shape, middle, 1, conv)


def postactivation(shape: Shape, middle: int, stride: int, conv: nn.Conv2d) -> nn.Module:
    """conv1x1-BN-ReLU, `conv`-BN-ReLU, conv1x1-BN; the first one takes `stride`."""
    return sequential(
        [
            *convolved(1, conv1x1(shape.inside, middle, stride)),
            ("relu1", nn.ReLU()),
            *convolved(2, conv),
            ("relu2", nn.ReLU()),
            *convolved(3, conv1x1(middle, shape.outside)),
        ]
    )


def strides(shape: Shape, stride_in: StrideIn) -> tuple[int, int]:
    """The strides of the first 1x1 and of the 3x3."""
    return (shape.stride, 1) if stride_in == "1x1" else (1, shape.stride)
