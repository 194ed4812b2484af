"""-K^T sigma(K u): without BN its Jacobian is symmetric and has no positive eigenvalue."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from butcher.models.shape import Shape
from butcher.models.subnets.layers import conv3x3
from butcher.models.subnets.subnet import Subnet


class Symmetric(Subnet):
    """-K^T ReLU(BN(K u)), K a 3x3 convolution (Ruthotto and Haber 2020, F_sym).

    It is the force of leapfrog and second-order networks (Chang et al. 2018, Reversible
    Architectures), whose depth counts K and K^T. Parameters: 9 inside^2 + 2 inside.
    """

    kind: Literal["symmetric"] = "symmetric"

    @property
    def layers(self) -> int:
        """K and its transpose."""
        return 2

    def make(self, shape: Shape, *, activated: bool = False) -> nn.Module:
        """Begins with a convolution: `activated` changes nothing."""
        self.check_keeps_shape(shape)
        return SymmetricModule(shape.inside)


class SymmetricModule(nn.Module):
    """-K^T ReLU(BN(K u)); K^T is the adjoint of the convolution K, with the same weight."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = conv3x3(channels, channels)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, u: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        active = torch.relu(self.norm(self.conv(u)))
        return -F.conv_transpose2d(active, self.conv.weight, padding=1)
