"""What stands before the blocks: from data to the first feature map."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from butcher.models.shape import Domain
from butcher.models.subnets.layers import conv3x3


@dataclass(frozen=True)
class Stem:
    """A kind of stem: `make(in_channels, width)` builds one, of one layer."""

    source: str
    domain: Domain
    make: Callable[[int, int], nn.Module]


def conv(in_channels: int, width: int) -> nn.Module:
    """3x3."""
    return conv3x3(in_channels, width)


def conv_norm(in_channels: int, width: int) -> nn.Module:
    """3x3-BN."""
    return nn.Sequential(conv(in_channels, width), nn.BatchNorm2d(width))


def conv_norm_relu(in_channels: int, width: int) -> nn.Module:
    """3x3-BN-ReLU."""
    return nn.Sequential(conv(in_channels, width), nn.BatchNorm2d(width), nn.ReLU())


def imagenet(in_channels: int, width: int) -> nn.Module:
    """7x7 of stride 2, BN-ReLU, the largest of 3x3 of stride 2: a fourth of the resolution."""
    return nn.Sequential(
        nn.Conv2d(in_channels, width, kernel_size=7, stride=2, padding=3, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2, padding=1),
    )


class Patches(nn.Module):
    """Images to tokens: a convolution of `size` x `size` patches, and where each of them is."""

    def __init__(self, in_channels: int, width: int, size: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, width, kernel_size=size, stride=size)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in_channels, H, W) to (N, H/size * W/size, width)."""
        u: Tensor = self.conv(x)
        return (u + places(u.shape[1], u.shape[2], u.shape[3], u)).flatten(2).transpose(1, 2)


def places(width: int, rows: int, columns: int, like: Tensor) -> Tensor:
    """Sines and cosines of row and column, a quarter of the channels each (Vaswani et al. 2017).

    (width, rows, columns); channels beyond four times a whole number are zero.
    """
    quarter = width // 4
    rates = torch.exp(
        torch.arange(quarter, device=like.device, dtype=like.dtype)
        * (-math.log(10_000) / max(quarter, 1))
    )
    row = torch.arange(rows, device=like.device, dtype=like.dtype)
    column = torch.arange(columns, device=like.device, dtype=like.dtype)
    down = (rates[:, None] * row)[:, :, None].expand(quarter, rows, columns)
    across = (rates[:, None] * column)[:, None, :].expand(quarter, rows, columns)
    rest = like.new_zeros(width - 4 * quarter, rows, columns)
    return torch.cat([down.sin(), down.cos(), across.sin(), across.cos(), rest])


def linear(in_channels: int, width: int) -> nn.Module:
    """A linear map of the last dimension."""
    return nn.Linear(in_channels, width)


def none(in_channels: int, width: int) -> nn.Module:
    """The data itself; `width` is as many channels as it has."""
    assert width == in_channels
    return nn.Identity()


STEMS: dict[str, Stem] = {
    "none": Stem("the image itself", "image", none),
    "conv": Stem("3x3", "image", conv),
    "conv-norm": Stem("3x3-BN", "image", conv_norm),
    "conv-norm-relu": Stem("3x3-BN-ReLU", "image", conv_norm_relu),
    "imagenet": Stem("7x7-BN-ReLU, pooled", "image", imagenet),
    "patches-2": Stem("patches of 2 x 2", "vector", lambda i, w: Patches(i, w, 2)),
    "patches-4": Stem("patches of 4 x 4", "vector", lambda i, w: Patches(i, w, 4)),
    "patches-16": Stem("patches of 16 x 16", "vector", lambda i, w: Patches(i, w, 16)),
    "linear": Stem("a linear map of the last dimension", "vector", linear),
}
