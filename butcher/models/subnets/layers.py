"""Layers with names: the parts that sub-nets of images are put together from."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field
from torch import nn

Part = tuple[str, nn.Module]
DropRate = Annotated[float, Field(ge=0, lt=1)]


def conv3x3(inside: int, outside: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    """3x3 without bias, H to ceil(H / stride)."""
    return nn.Conv2d(inside, outside, 3, stride, padding=1, groups=groups, bias=False)


def conv1x1(inside: int, outside: int, stride: int = 1) -> nn.Conv2d:
    """1x1 without bias, H to ceil(H / stride)."""
    return nn.Conv2d(inside, outside, 1, stride, bias=False)


def convolved(number: int, conv: nn.Conv2d) -> list[Part]:
    """conv-BN."""
    return [(f"conv{number}", conv), (f"norm{number}", nn.BatchNorm2d(conv.out_channels))]


def activation(number: int, channels: int) -> list[Part]:
    """BN-ReLU."""
    return [(f"norm{number}", nn.BatchNorm2d(channels)), (f"relu{number}", nn.ReLU())]


def dropped(number: int, rate: float) -> list[Part]:
    """Dropout; for a rate of 0 nothing."""
    return [(f"dropout{number}", nn.Dropout(rate))] if rate else []


def sequential(parts: Iterable[Part]) -> nn.Sequential:
    """The parts one after the other, under their names."""
    return nn.Sequential(OrderedDict(parts))
