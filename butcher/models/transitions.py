"""How states enter a block that changes width or resolution.

A transition is an operator P through which every state enters every row of the block; a sub-net
that reads a state directly reads it before P, and maps to P's shape. So the first block of a stage
of ResNet is u+ = P(u) + F(u), and that of an LM-ResNet u+ = (1-k) P(u) + k P(u_) + F(u). Some
transitions also do something to each state *before* the block.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from butcher.models.shape import Domain, Shape
from butcher.models.subnets.layers import conv1x1


class Pad(nn.Module):
    """New channels are zero, behind the old ones; without parameters.

    Places are subsampled, x[::stride, ::stride], or averaged over stride x stride.
    """

    def __init__(self, shape: Shape, *, averaged: bool = False) -> None:
        super().__init__()
        self.shape, self.averaged = shape, averaged

    def forward(self, u: Tensor) -> Tensor:
        """(N, inside, H, W) to (N, outside, H/stride, W/stride), rounded up."""
        stride = self.shape.stride
        if stride > 1 and self.averaged:
            u = functional.avg_pool2d(u, stride, ceil_mode=True, count_include_pad=False)
        elif stride > 1:
            u = subsampled(u, stride)
        return functional.pad(u, (0, 0, 0, 0, 0, self.shape.outside - self.shape.inside))

    def extra_repr(self) -> str:
        return f"{self.shape}, averaged={self.averaged}"


def subsampled(u: Tensor, stride: int) -> Tensor:
    """u[:, :, ::stride, ::stride], whose gradient has the memory format of u.

    That of a slice is contiguous always, and every convolution before it would have to convert it.
    """
    return functional.avg_pool2d(u, kernel_size=1, stride=stride)


class PadLast(nn.Module):
    """New channels are zero, behind the old ones, of (N, ..., C)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, u: Tensor) -> Tensor:
        """(N, ..., inside) to (N, ..., outside)."""
        return functional.pad(u, (0, self.shape.outside - self.shape.inside))


class Shifted(nn.Module):
    """Shake-Shake's shortcut: two 1x1 convolutions, one of places shifted by one, side by side."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        half = shape.outside // 2
        self.stride = shape.stride
        self.conv1 = conv1x1(shape.inside, half)
        self.conv2 = conv1x1(shape.inside, shape.outside - half)
        self.norm = nn.BatchNorm2d(shape.outside)

    def forward(self, u: Tensor) -> Tensor:
        """(N, inside, H, W) to (N, outside, H/stride, W/stride), rounded up."""
        there = beside = torch.relu(u)
        if self.stride > 1:
            moved = functional.pad(there, (-1, 1, -1, 1))  # one place up and to the left
            there, beside = subsampled(there, self.stride), subsampled(moved, self.stride)
        return self.norm(torch.cat([self.conv1(there), self.conv2(beside)], dim=1))  # type: ignore[no-any-return]


def projection(shape: Shape, domain: Domain) -> nn.Module:
    """A 1x1 convolution; of the last dimension, a linear map."""
    if domain == "vector":
        return nn.Linear(shape.inside, shape.outside, bias=False)
    return conv1x1(shape.inside, shape.outside, shape.stride)


def projection_norm(shape: Shape, domain: Domain) -> nn.Module:
    """A projection and its normalisation."""
    norm = nn.LayerNorm if domain == "vector" else nn.BatchNorm2d
    return nn.Sequential(projection(shape, domain), norm(shape.outside))


def zero_pad(shape: Shape, domain: Domain) -> nn.Module:
    """Subsampled, new channels zero."""
    return PadLast(shape) if domain == "vector" else Pad(shape)


def average_pool(shape: Shape, domain: Domain) -> nn.Module:
    """Averaged, new channels zero."""
    return PadLast(shape) if domain == "vector" else Pad(shape, averaged=True)


def activated_projection(shape: Shape, domain: Domain) -> nn.Module:
    """BN-ReLU and a projection."""
    return nn.Sequential(activation(shape, domain), projection(shape, domain))


def activation(shape: Shape, domain: Domain) -> nn.Module:
    """BN-ReLU; LayerNorm-GELU where channels are last."""
    if domain == "vector":
        return nn.Sequential(nn.LayerNorm(shape.inside), nn.GELU())
    return nn.Sequential(nn.BatchNorm2d(shape.inside), nn.ReLU())


def neck(shape: Shape, domain: Domain) -> nn.Module:
    """BN-ReLU, a projection, and the mean of stride x stride places."""
    if domain == "vector" or shape.stride == 1:
        return activated_projection(Shape(shape.inside, shape.outside), domain)
    return nn.Sequential(
        nn.BatchNorm2d(shape.inside),
        nn.ReLU(),
        conv1x1(shape.inside, shape.outside),
        nn.AvgPool2d(shape.stride, ceil_mode=True, count_include_pad=False),
    )


def max_pool(shape: Shape, domain: Domain) -> nn.Module:
    """The largest of stride x stride places; the width stays."""
    if domain == "vector" or shape.stride == 1:
        return nn.Identity()
    return nn.MaxPool2d(shape.stride, ceil_mode=True)


def shifted(shape: Shape, domain: Domain) -> nn.Module:
    """ReLU, two 1x1 convolutions of shifted places side by side, BN."""
    if domain == "vector":
        raise ValueError(
            'transition "shifted" is for images: vectors have no places to shift; write '
            'transition = "projection"'
        )
    return Shifted(shape)


Make = Callable[[Shape, Domain], nn.Module]


def unchanged(shape: Shape) -> tuple[Shape, Shape]:
    """Before the block nothing changes."""
    return Shape.same(shape.inside), shape


def all_before(shape: Shape) -> tuple[Shape, Shape]:
    """Everything changes before the block."""
    return shape, Shape.same(shape.outside)


def places_before(shape: Shape) -> tuple[Shape, Shape]:
    """Before the block places become fewer, in it channels change."""
    return Shape(shape.inside, shape.inside, shape.stride), Shape(shape.inside, shape.outside)


@dataclass(frozen=True)
class Transition:
    """A kind of transition.

    source     where it is from, and what it does, in a line.
    inside     makes P, through which states enter the rows of the block.
    before     makes what each state goes through before the block, sub-nets included.
    split      the change that `before` makes, and the one that is left for the block.
    activates  whether `before` ends in BN-ReLU, so that pre-activation sub-nets leave out theirs.
    """

    source: str
    inside: Make | None = None
    before: Make | None = None
    split: Callable[[Shape], tuple[Shape, Shape]] = unchanged
    activates: bool = False


TRANSITIONS: dict[str, Transition] = {
    "zero-pad": Transition(
        "subsampled, new channels zero (He et al. 2016, arXiv:1512.03385, option A)",
        inside=zero_pad,
    ),
    "average-pool": Transition(
        "averaged, new channels zero (Gomez et al. 2017, arXiv:1707.04585)",
        inside=average_pool,
    ),
    "projection": Transition(
        "1x1 convolution (He et al. 2016, arXiv:1603.05027)",
        inside=projection,
    ),
    "projection-norm": Transition(
        "1x1 convolution and BN (He et al. 2016, arXiv:1512.03385, option B)",
        inside=projection_norm,
    ),
    "activated-projection": Transition(
        "BN-ReLU-1x1 convolution, the BN its own (released code of Lu et al. 2018)",
        inside=activated_projection,
    ),
    "shared-activation": Transition(
        "1x1 convolution of the BN-ReLU that the sub-net begins with (He et al. 2016, "
        "arXiv:1603.05027; Zagoruyko, Komodakis 2016)",
        inside=projection,
        before=activation,
        activates=True,
    ),
    "shifted": Transition(
        "ReLU, two 1x1 convolutions of shifted places, BN (Gastaldi 2017, arXiv:1705.07485)",
        inside=shifted,
    ),
    "neck": Transition(
        "BN-ReLU-1x1 convolution-average pooling before the block; in it, new channels zero (Huang "
        "et al. 2017, arXiv:1608.06993)",
        inside=zero_pad,
        before=neck,
        split=all_before,
    ),
    "max-pool": Transition(
        "largest of each 2x2 before the block, whose sub-nets change the width (Larsson et al. "
        "2017, FractalNet)",
        inside=zero_pad,
        before=max_pool,
        split=places_before,
    ),
}
