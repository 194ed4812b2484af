"""Augmentation of images in bytes: crops, mirror images, AutoAugment's policy for CIFAR-10."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from butcher.training.data.draws import Draws
from butcher.training.data.error import missing

Augment = Callable[[Tensor, Draws], Tensor]
"""Images (N, C, H, W) in bytes, and what is drawn for each; the same shape in bytes."""

_POLICY = 3  # a place of the draws that Crop does not use


@dataclass(frozen=True)
class Crop:
    """Zeros around the image, `pad` wide; a window of its size anywhere in that; mirrored or not.

    He et al., "Deep residual learning for image recognition" (2016), section 4.2.
    """

    pad: int
    flip: bool = True

    def __call__(self, pixels: Tensor, draws: Draws) -> Tensor:
        channels, height, width = pixels.shape[1:]
        top = torch.from_numpy(draws.integers(0, 2 * self.pad, 0))
        left = torch.from_numpy(draws.integers(0, 2 * self.pad, 1))
        rows = top[:, None] + torch.arange(height)
        columns = left[:, None] + torch.arange(width)
        if self.flip:
            mirrored = torch.from_numpy(draws.uniform(1, 2) < 0.5)
            columns = torch.where(mirrored, columns.flip(1), columns)
        places = rows[:, :, None] * (width + 2 * self.pad) + columns[:, None, :]
        padded = pad(pixels, [self.pad] * 4).flatten(2)
        seen = padded.gather(2, places.flatten(1)[:, None].expand(-1, channels, -1))
        return seen.view(pixels.shape)


class AutoAugment:
    """A crop, then one of the 25 pairs of operations of AutoAugment's policy for CIFAR-10.

    Cubuk et al., "AutoAugment: learning augmentation strategies from data" (2019), appendix;
    the operations are torchvision's.
    """

    def __init__(self, crop: Crop) -> None:
        try:
            from torchvision.transforms import v2
        except ImportError:
            raise missing("torchvision") from None
        self.crop, self.policy = crop, v2.AutoAugment(v2.AutoAugmentPolicy.CIFAR10)

    def __call__(self, pixels: Tensor, draws: Draws) -> Tensor:
        seeds = draws.words(1, _POLICY)[:, 0].tolist()
        images = self.crop(pixels, draws)
        with own_generator() as generator:
            changed = []
            for image, seed in zip(images, seeds, strict=True):
                generator.manual_seed(seed)
                changed.append(self.policy(image))
        return torch.stack(changed)


def augmentation(name: str, pad: int, *, flip: bool = True) -> Augment | None:
    """What `[data] augment` names, for images padded by `pad`; `flip`: where mirroring is apt."""
    if name == "none":
        return None
    crop = Crop(pad, flip and name != "crop")
    return AutoAugment(crop) if name == "autoaugment" else crop


@contextmanager
def own_generator() -> Iterator[torch.Generator]:
    """Torch's generator on the CPU, which torchvision draws from, and afterwards as it was."""
    generator = torch.default_generator
    before = generator.get_state()
    try:
        yield generator
    finally:
        generator.set_state(before)
