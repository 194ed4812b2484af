"""A residual function without normalisation, started so that depth does no harm."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from butcher.models.shape import Shape
from butcher.models.subnets.layers import conv3x3
from butcher.models.subnets.subnet import Subnet


class Fixup(Subnet):
    """conv-ReLU-conv with scalar biases and a multiplier (Zhang et al. 2019, figure 1 right).

    Parameters: 9 inside outside + 9 outside^2 + 5.
    """

    kind: Literal["fixup"] = "fixup"

    @property
    def layers(self) -> int:
        """The two convolutions."""
        return 2

    def make(self, shape: Shape, *, activated: bool = False) -> nn.Module:
        """Has no normalisation to leave out: `activated` changes nothing."""
        return FixupModule(shape)

    def initialise(self, module: nn.Module, branches: int) -> None:
        """Scale the first convolution by branches^(-1/2), set the last one to zero."""
        assert isinstance(module, FixupModule)
        with torch.no_grad():
            module.conv1.weight.mul_(branches**-0.5)
            module.conv2.weight.zero_()


class FixupModule(nn.Module):
    """scale conv2(relu(conv1(u + bias1a) + bias1b) + bias2a) + bias2b."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.conv1 = conv3x3(shape.inside, shape.outside, shape.stride)
        self.conv2 = conv3x3(shape.outside, shape.outside)
        self.bias1a = nn.Parameter(torch.zeros(1))
        self.bias1b = nn.Parameter(torch.zeros(1))
        self.bias2a = nn.Parameter(torch.zeros(1))
        self.bias2b = nn.Parameter(torch.zeros(1))
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, u: Tensor) -> Tensor:
        """(N, inside, H, W) to (N, outside, ceil(H / stride), ceil(W / stride))."""
        active = torch.relu(self.conv1(u + self.bias1a) + self.bias1b)
        convolved: Tensor = self.conv2(active + self.bias2a)
        return convolved * self.scale + self.bias2b
