"""What is measured on: the feature map, the machine's part, how often."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from butcher.spec.model import Model

Dtype = Literal["float32", "float64", "bfloat16", "float16"]


class Settings(Model):
    """A map is one tensor of shape (batch, channels, size, size).

    rounds      how often everything is measured, in a new order each time; warm_up rounds go
                before, the same number for everything.
    compiled    whether blocks and references are measured compiled, too.
    clock       cpu: the time that this process computes, which others that compute meanwhile
                disturb least; wall: that which goes by, for several threads. A GPU is timed by its
                own events.
    """

    channels: int = 64
    size: int = 32
    batch: int = 8
    dtype: Dtype = "float32"
    device: str = "cpu"
    channels_last: bool = False
    threads: int = 1
    rounds: int = 21
    warm_up: int = 2
    compiled: bool = False
    clock: Literal["cpu", "wall"] = "cpu"

    @property
    def torch_dtype(self) -> torch.dtype:
        kind: torch.dtype = getattr(torch, self.dtype)
        return kind

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return (self.batch, self.channels, self.size, self.size)

    @property
    def map_bytes(self) -> int:
        return self.torch_dtype.itemsize * self.batch * self.channels * self.size**2

    def map(self) -> Tensor:
        """Random, normal."""
        made = torch.randn(self.shape, dtype=self.torch_dtype, device=self.device)
        return made.to(memory_format=self._memory_format)

    def branch(self) -> nn.Module:
        """F, as the device and the formats want it."""
        made = sub_net(self.channels)
        made.to(device=self.device, dtype=self.torch_dtype)
        return made.to(memory_format=self._memory_format)

    @property
    def _memory_format(self) -> torch.memory_format:
        return torch.channels_last if self.channels_last else torch.contiguous_format


def sub_net(channels: int) -> nn.Sequential:
    """F, conv-BN-ReLU-conv-BN: it saves four maps, and its last map has variance 1."""
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.Conv2d(channels, channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels),
    )
