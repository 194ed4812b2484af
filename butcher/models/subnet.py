"""Sub-nets: what a block calls F, from (N, C, H, W) to the same shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class Subnet:
    """A kind of sub-net: `make(channels)` builds one, `layers` is what it adds to the depth."""

    make: Callable[[int], nn.Module]
    layers: int


def conv3x3(inside: int, outside: int) -> nn.Conv2d:
    """3x3, same height and width, no bias: a BatchNorm follows or stands before."""
    return nn.Conv2d(inside, outside, kernel_size=3, padding=1, bias=False)


def vgg(channels: int) -> nn.Module:
    """conv-BN-ReLU twice: 18 C^2 + 4 C parameters."""
    return nn.Sequential(
        conv3x3(channels, channels),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        conv3x3(channels, channels),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
    )


def preactivation(channels: int) -> nn.Module:
    """BN-ReLU-conv twice: as many parameters as `vgg`, and a value of either sign."""
    return nn.Sequential(
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        conv3x3(channels, channels),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        conv3x3(channels, channels),
    )


SUBNETS: dict[str, Subnet] = {
    "vgg": Subnet(vgg, layers=2),
    "preactivation": Subnet(preactivation, layers=2),
}
