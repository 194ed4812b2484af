"""CIFAR-10, CIFAR-100 and STL-10 from their published files, read by torchvision."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from butcher.training.data.augment import Augment, AutoAugment, Crop
from butcher.training.data.error import DataError, missing
from butcher.training.data.split import Data, split_in_memory

if TYPE_CHECKING:
    from butcher.training.data.options import DataOptions

FOLDERS = {
    "cifar10": "cifar-10-batches-py",
    "cifar100": "cifar-100-python",
    "stl10": "stl10_binary",
}
"""The folder that the published archive unpacks to."""

CLASSES = {"cifar10": 10, "cifar100": 100, "stl10": 10}
PAD = {"cifar10": 4, "cifar100": 4, "stl10": 12}


def archive(options: DataOptions) -> Data:
    """The published training part, cut in two, and the published test part."""
    name, root = options.name, Path(options.root or "")
    folder = root / FOLDERS[name]
    if not folder.is_dir():
        version = "binary" if name == "stl10" else "Python"
        raise DataError(
            f"{folder}: no such folder; unpack the {version} version of {name} in {root} "
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
        classes=CLASSES[name],
        validation=options.validation,
        seed=options.split_seed,
        augment=augmentation(options.augment, PAD[name]),
    )


def augmentation(name: str, pad: int) -> Augment | None:
    """What `[data] augment` names, for images padded by `pad`."""
    if name == "none":
        return None
    crop = Crop(pad, flip=name != "crop")
    return AutoAugment(crop) if name == "autoaugment" else crop


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
