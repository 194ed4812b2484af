"""Two 3x3 convolutions, with normalisation and ReLU in each of the orders that papers use."""

from __future__ import annotations

from typing import Literal

from torch import nn

from butcher.models.shape import Shape
from butcher.models.subnets.layers import (
    DropRate,
    Part,
    activation,
    conv3x3,
    convolved,
    dropped,
    sequential,
)
from butcher.models.subnets.subnet import Subnet


class Basic(Subnet):
    """Two 3x3 convolutions without bias; the first one takes the stride."""

    @property
    def layers(self) -> int:
        """The two convolutions."""
        return 2


class Vgg(Basic):
    """conv-BN-ReLU twice (HO-ResNet: Luo et al. 2021): a value that is never negative.

    Parameters: 9 inside outside + 9 outside^2 + 4 outside.
    """

    kind: Literal["vgg"] = "vgg"

    def make(self, shape: Shape, *, activated: bool = False) -> nn.Module:
        """Begins with a convolution: `activated` changes nothing."""
        return sequential(
            [
                *convolved(1, conv3x3(shape.inside, shape.outside, shape.stride)),
                ("relu1", nn.ReLU()),
                *convolved(2, conv3x3(shape.outside, shape.outside)),
                ("relu2", nn.ReLU()),
            ]
        )


class PostActivation(Basic):
    """conv-BN-ReLU-conv-BN (He et al. 2016, Deep Residual Learning, figure 5 left).

    The paper's ReLU after the addition belongs to the block, not here.
    Parameters: 9 inside outside + 9 outside^2 + 4 outside.
    """

    kind: Literal["postactivation"] = "postactivation"

    def make(self, shape: Shape, *, activated: bool = False) -> nn.Module:
        """Begins with a convolution: `activated` changes nothing."""
        return sequential(
            [
                *convolved(1, conv3x3(shape.inside, shape.outside, shape.stride)),
                ("relu1", nn.ReLU()),
                *convolved(2, conv3x3(shape.outside, shape.outside)),
            ]
        )


class PreActivation(Basic):
    """BN-ReLU-conv twice (He et al. 2016, Identity Mappings, figure 4e).

    With `dropout` before the second convolution it is that of Wide ResNet (Zagoruyko and
    Komodakis 2016, figure 1d), whose width is the network's.
    Parameters: 9 inside outside + 9 outside^2 + 2 inside + 2 outside, less 2 inside if activated.
    """

    kind: Literal["preactivation"] = "preactivation"
    dropout: DropRate = 0.0

    def make(self, shape: Shape, *, activated: bool = False) -> nn.Module:
        """`activated`: without the first BN-ReLU."""
        return sequential(
            [
                *([] if activated else activation(1, shape.inside)),
                ("conv1", conv3x3(shape.inside, shape.outside, shape.stride)),
                *activation(2, shape.outside),
                *dropped(1, self.dropout),
                ("conv2", conv3x3(shape.outside, shape.outside)),
            ]
        )


class Shake(Basic):
    """ReLU-conv-BN-ReLU-conv-BN, a branch of Shake-Shake (Gastaldi 2017, section 2.1).

    Parameters: 9 inside outside + 9 outside^2 + 4 outside.
    """

    kind: Literal["shake"] = "shake"

    def make(self, shape: Shape, *, activated: bool = False) -> nn.Module:
        """`activated`: without the first ReLU, which would do nothing."""
        first: list[Part] = [] if activated else [("relu1", nn.ReLU())]
        return sequential(
            [
                *first,
                *convolved(1, conv3x3(shape.inside, shape.outside, shape.stride)),
                ("relu2", nn.ReLU()),
                *convolved(2, conv3x3(shape.outside, shape.outside)),
            ]
        )
