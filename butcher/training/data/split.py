"""Train, validation and test: what a split is, and how it is cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from butcher.training.data import draws
from butcher.training.data.augment import Augment
from butcher.training.data.draws import Draws
from butcher.training.data.error import DataError

Batch = tuple[Tensor, Tensor]
"""Images (N, C, H, W), float32, and labels (N,), int64."""

Indices = NDArray[np.int64]


class Split(Protocol):
    """One part of a data set."""

    @property
    def labels(self) -> Tensor:
        """(N,), int64."""

    def __len__(self) -> int: ...

    def images(self, indices: Indices, key: int | None = None) -> Tensor:
        """The images at `indices`, standardised: (N, C, H, W), float32.

        Under a `key` they are augmented; how image i is depends on the key and on i alone.
        """


@dataclass(frozen=True)
class Data:
    """A data set in three parts, and what a network must know about it.

    `validation` is empty where the recipe says so. `test` is looked at once, when all is done.
    """

    train: Split
    validation: Split
    test: Split
    in_channels: int
    size: int
    classes: int


@dataclass(frozen=True)
class InMemory:
    """A split whose pixels, (N, C, H, W) in bytes, are all in memory."""

    pixels: Tensor
    labels: Tensor
    mean: Tensor
    std: Tensor
    augment: Augment | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def images(self, indices: Indices, key: int | None = None) -> Tensor:
        pixels = self.pixels[torch.from_numpy(indices)]
        if self.augment and key is not None:
            pixels = self.augment(pixels, Draws(key, indices))
        return standardised(pixels, self.mean, self.std)


def standardised(pixels: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """Bytes as float32, mean 0 and deviation 1 of each channel; `mean`, `std` are (C, 1, 1)."""
    return pixels.to(torch.float32).sub_(mean).div_(std)


def statistics(pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel of (N, C, H, W) bytes, each (C, 1, 1), float32.

    From the counts of the 256 values: the sums are exact, in whatever order they are taken.
    """
    values = np.arange(256)
    channels = []
    for channel in range(pixels.shape[1]):
        counts = np.zeros(256, np.int64)
        for begin in range(0, len(pixels), 4096):
            part = pixels[begin : begin + 4096, channel].reshape(-1).numpy()
            counts += np.bincount(part, minlength=256)
        mean = np.average(values, weights=counts)
        deviation = np.sqrt(np.average((values - mean) ** 2, weights=counts))
        channels.append((mean, deviation or 1.0))  # a channel of one value stays at 0
    mean, std = torch.tensor(channels, dtype=torch.float32).T[:, :, None, None]
    return mean, std


def split_in_memory(
    train: tuple[Tensor, Tensor],
    test: tuple[Tensor, Tensor],
    *,
    classes: int,
    validation: float,
    seed: int,
    augment: Augment | None = None,
) -> Data:
    """Pixels (N, C, H, W), bytes, and labels of the training and of the test part, as Data.

    Standardised by the whole training part, so that the test images are the same however it is
    cut; only the images that are trained on are ever augmented.
    """
    pixels, labels = train
    kept, held = cut(labels, validation, seed)
    mean, std = statistics(pixels)
    return Data(
        InMemory(pixels[kept], labels[kept], mean, std, augment),
        InMemory(pixels[held], labels[held], mean, std),
        InMemory(*test, mean, std),
        in_channels=pixels.shape[1],
        size=pixels.shape[2],
        classes=classes,
    )


def cut(labels: Tensor | Sequence[int], fraction: float, seed: int) -> tuple[Indices, Indices]:
    """The indices that stay, and a `fraction` of every class drawn from `seed`; both sorted."""
    known = np.asarray(labels)
    order = draws.permutation(len(known), draws.key(seed))
    held: list[Indices] = []
    for label in np.unique(known):
        of_class = order[known[order] == label]
        held.append(of_class[: round(fraction * len(of_class))])
    taken = np.zeros(len(known), bool)
    taken[np.concatenate(held)] = True
    if fraction and not taken.any():
        message = f"validation = {fraction} of {len(known)} images is none of any class; write 0"
        raise DataError(message)
    return np.flatnonzero(~taken), np.flatnonzero(taken)
