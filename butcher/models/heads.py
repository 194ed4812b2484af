"""What stands after the blocks: from the last feature map to logits."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from butcher.models.shape import Domain


class Head(nn.Module):
    """Normalisation and ReLU if wanted, the mean over all places, a linear map."""

    def __init__(self, width: int, classes: int, domain: Domain, *, norm: bool) -> None:
        super().__init__()
        self.domain, self.width = domain, width
        self.norm: nn.Module = nn.Identity()
        if norm and domain == "vector":
            self.norm = nn.LayerNorm(width)
        elif norm:
            self.norm = nn.Sequential(nn.BatchNorm2d(width), nn.ReLU())
        self.linear: nn.Module
        self.reset(classes)

    def reset(self, classes: int) -> None:
        """A new linear map to so many classes; to 0 there is none."""
        self.classes = classes
        self.linear = nn.Linear(self.width, classes) if classes else nn.Identity()

    def pooled(self, u: Tensor) -> Tensor:
        """(N, C, ...) images or (N, ..., C) tokens to (N, C)."""
        u = self.norm(u)
        if self.domain == "vector":
            return u if u.dim() == 2 else u.flatten(1, -2).mean(dim=1)
        return mean_of_places(u)

    def forward(self, u: Tensor) -> Tensor:
        """Logits (N, classes); with 0 classes what they would be made of, (N, C)."""
        return self.linear(self.pooled(u))  # type: ignore[no-any-return]


def mean_of_places(u: Tensor) -> Tensor:
    """(N, C, H, W) to (N, C), with a gradient in the memory format of u.

    That of a mean over the last dimensions is contiguous always, and the sub-nets of every block
    of the last stage would have to convert it.
    """
    if u.is_contiguous(memory_format=torch.channels_last):
        return u.permute(0, 2, 3, 1).flatten(1, 2).mean(dim=1)
    return u.flatten(2).mean(dim=2)
