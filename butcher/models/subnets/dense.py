"""DenseNet's layer as an Euler step in a space that grows."""

from __future__ import annotations

from typing import Literal

from torch import nn

from butcher.models.shape import Shape
from butcher.models.subnets.layers import (
    DropRate,
    Part,
    activation,
    conv1x1,
    conv3x3,
    dropped,
    sequential,
)
from butcher.models.subnets.subnet import Subnet


class Dense(Subnet):
    """BN-ReLU-conv3x3 to k = outside - inside new channels (Huang et al. 2017, section 3).

    The new channels come after `inside` channels of zeros, and the shortcut pads zeros behind:
    their sum is the paper's concatenation. With `bottleneck` (DenseNet-B) a conv1x1 to 4 k
    channels and BN-ReLU stand before the 3x3. `dropout` follows each convolution.
    Parameters: 9 inside k + 2 inside; with bottleneck 4 inside k + 36 k^2 + 8 k + 2 inside; less
    2 inside if activated.
    """

    kind: Literal["dense"] = "dense"
    bottleneck: bool = False
    dropout: DropRate = 0.0

    @property
    def layers(self) -> int:
        """The convolutions."""
        return 2 if self.bottleneck else 1

    def make(self, shape: Shape, *, activated: bool = False) -> nn.Module:
        """`activated`: without the first BN-ReLU."""
        self.check_keeps_places(shape)
        growth = shape.outside - shape.inside
        if growth < 1:
            raise self.refuse(
                shape,
                "it adds channels; write growth = 12, and a scheme whose sub-nets all read the "
                "state, such as euler",
            )
        return sequential(
            [
                *([] if activated else activation(1, shape.inside)),
                *self._convolutions(shape.inside, growth),
                # three dimensions of (N, C, H, W): zeros in front of C, none beside H and W
                ("zeros", nn.ZeroPad3d((0, 0, 0, 0, shape.inside, 0))),
            ]
        )

    def _convolutions(self, inside: int, growth: int) -> list[Part]:
        """From `inside` activated channels to `growth` new ones."""
        if not self.bottleneck:
            return [("conv1", conv3x3(inside, growth)), *dropped(1, self.dropout)]
        return [
            ("conv1", conv1x1(inside, 4 * growth)),
            *dropped(1, self.dropout),
            *activation(2, 4 * growth),
            ("conv2", conv3x3(4 * growth, growth)),
            *dropped(2, self.dropout),
        ]
