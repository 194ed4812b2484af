"""A gate that decides place by place how much of a step is made."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import SerializeAsAny
from torch import Tensor, nn

from butcher.models.shape import Shape
from butcher.models.subnets.conv import Conv
from butcher.models.subnets.subnet import Subnet

GATE_BIAS = -2.0  # negative, as the paper asks: at first most of u is carried through


class Highway(Subnet):
    """T(u) (H(u) - u), T = sigmoid(conv3x3 with bias), H another sub-net of images, `inner`.

    An Euler step with it is (1 - T) u + T H(u) (Srivastava et al. 2015, equation 3), whose H is
    "conv". Parameters: those of H + 9 inside^2 + inside.
    """

    kind: Literal["highway"] = "highway"
    inner: SerializeAsAny[Subnet] = Conv()

    @property
    def layers(self) -> int:
        """Those of H: the gate stands beside it."""
        return self.inner.layers

    def make(self, shape: Shape, *, activated: bool = False) -> nn.Module:
        """`activated` is handed on to H. The gate's bias begins at -2."""
        self.check_keeps_shape(shape)
        if self.inner.domain != "image":
            raise self.refuse(shape, f'"{self.inner.kind}" is no sub-net of images')
        return HighwayModule(self.inner.make(shape, activated=activated), shape.inside)

    def initialise(self, module: nn.Module, branches: int) -> None:
        """What H asks for."""
        assert isinstance(module, HighwayModule)
        self.inner.initialise(module.inner, branches)


class HighwayModule(nn.Module):
    """sigmoid(gate(u)) (inner(u) - u)."""

    def __init__(self, inner: nn.Module, channels: int) -> None:
        super().__init__()
        self.inner = inner
        self.gate = nn.Conv2d(channels, channels, 3, padding=1)
        assert self.gate.bias is not None
        nn.init.constant_(self.gate.bias, GATE_BIAS)

    def forward(self, u: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        step: Tensor = self.inner(u) - u
        return torch.sigmoid(self.gate(u)) * step
