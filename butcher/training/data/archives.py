"""CIFAR-10, CIFAR-100 and STL-10 from their published files, read by torchvision."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from butcher.training.data.augment import augmentation
from butcher.training.data.error import DataError, missing
from butcher.training.data.split import Data, split_in_memory

if TYPE_CHECKING:
    from butcher.training.data.options import DataOptions


@dataclass(frozen=True)
class Archive:
    """A published archive: the folder it unpacks to, its format, and what its images are.

    `pad` is how wide zeros lie around an image before it is cropped.
    """

    folder: str
    version: str
    size: int
    classes: int
    pad: int


ARCHIVES = {
    "cifar10": Archive("cifar-10-batches-py", "Python", 32, 10, 4),
    "cifar100": Archive("cifar-100-python", "Python", 32, 100, 4),
    "stl10": Archive("stl10_binary", "binary", 96, 10, 12),
}


def archive(options: DataOptions) -> Data:
    """The published training part, cut in two, and the published test part."""
    name, root = options.name, Path(options.root or "")
    known = ARCHIVES[name]
    folder = root / known.folder
    if not folder.is_dir():
        raise DataError(
            f"{folder}: no such folder; unpack the {known.version} version of {name} in {root} "
            "(nothing is downloaded)"
        )
    parts = []
    for train in (True, False):
        try:
            parts.append(_read(name, root, train=train))
        except (RuntimeError, OSError):
            message = "files are missing or damaged; unpack them again"
            raise DataError(f"{folder}: {message}") from None
    return split_in_memory(
        *parts,
        classes=known.classes,
        validation=options.validation,
        seed=options.split_seed,
        augment=augmentation(options.augment, known.pad),
    )


def _read(name: str, root: Path, *, train: bool) -> tuple[Tensor, Tensor]:
    """Pixels (N, 3, H, W) in bytes, and labels; torchvision compares the files' checksums."""
    try:
        from torchvision import datasets
    except ImportError:
        raise missing("torchvision") from None
    stored: Any
    if name == "stl10":

        class Labelled(datasets.STL10):  # type: ignore[misc]
            """Without the 100,000 images that have no label: they need not be there."""

            train_list = datasets.STL10.train_list[:2]

        stored = Labelled(root, split="train" if train else "test", download=False)
        pixels, labels = torch.as_tensor(stored.data.copy()), stored.labels
    else:
        kind = {"cifar10": datasets.CIFAR10, "cifar100": datasets.CIFAR100}[name]
        stored = kind(root, train=train, download=False)
        pixels, labels = torch.as_tensor(stored.data).permute(0, 3, 1, 2), stored.targets
    return pixels.contiguous(), torch.as_tensor(labels, dtype=torch.int64)
