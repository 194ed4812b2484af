"""Image classification data: scikit-learn's digits, and CIFAR from files that are there.

Nothing is ever downloaded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, TensorDataset

if TYPE_CHECKING:
    from butcher.training.recipe import DataOptions

Batch = tuple[Tensor, Tensor]
"""Images (N, C, H, W), float32, and labels (N,), int64."""


class DataError(Exception):
    """The data, or a package that reads it, is not there. One line, with the mend."""


@dataclass(frozen=True)
class Data:
    """Two data sets of (image, label), and what a network must know about them."""

    train: Dataset[Batch]
    held_out: Dataset[Batch]
    in_channels: int
    classes: int


@dataclass(frozen=True)
class Source:
    """A data set that can be named in a recipe; `folder` is what must be in `root`."""

    load: Callable[[DataOptions], Data]
    in_channels: int
    size: int
    classes: int
    augments: frozenset[str] = frozenset({"none"})
    folder: str = ""

    @property
    def on_disk(self) -> bool:
        return bool(self.folder)


def load(options: DataOptions) -> Data:
    """The data that `[data]` names."""
    return DATASETS[options.name].load(options)


def loaders(
    data: Data, options: DataOptions, seed: int, *, pin: bool = False
) -> tuple[DataLoader[Batch], DataLoader[Batch]]:
    """Batches of the training images, shuffled from `seed` alone, and of the held-out ones."""
    shuffled = torch.Generator().manual_seed(seed)
    workers = options.workers
    train = DataLoader(
        data.train,
        batch_size=options.batch,
        shuffle=True,
        generator=shuffled,
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=pin,
    )
    return train, DataLoader(data.held_out, batch_size=4 * options.batch, pin_memory=pin)


def missing(package: str) -> DataError:
    """What to say where an optional package is not installed."""
    return DataError(f"{package} is not installed: pip install 'butcher-torch[train]'")


def digits(options: DataOptions) -> Data:
    """1797 real images (1, 8, 8); a fifth of each class held out, the same at every seed."""
    try:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
    except ImportError:
        raise missing("scikit-learn") from None
    images, labels = load_digits(return_X_y=True)
    train, held_out = train_test_split(
        range(len(labels)), test_size=0.2, stratify=labels, random_state=options.split_seed
    )
    x = torch.as_tensor(images, dtype=torch.float64).reshape(-1, 1, 8, 8)
    x = ((x - x[train].mean()) / x[train].std()).to(torch.float32)
    y = torch.as_tensor(labels, dtype=torch.int64)
    sets = [cast("Dataset[Batch]", TensorDataset(x[part], y[part])) for part in (train, held_out)]
    return Data(sets[0], sets[1], in_channels=1, classes=10)


class Images(Dataset[Batch]):
    """Bytes (N, 3, H, W) and labels, each image transformed when it is asked for."""

    def __init__(self, images: Tensor, labels: Tensor, transform: Callable[[Tensor], Tensor]):
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> Batch:
        return self.transform(self.images[index]), self.labels[index]


def cifar(options: DataOptions) -> Data:
    """CIFAR-10 or CIFAR-100, standardised by channel; the test images are held out."""
    try:
        from torchvision import datasets
        from torchvision.transforms import v2
    except ImportError:
        raise missing("torchvision") from None
    source, root = DATASETS[options.name], Path(options.root or "")
    if not (root / source.folder).is_dir():
        raise DataError(
            f"{root / source.folder}: no such folder; unpack the Python version of "
            f"{options.name} in {root} (nothing is downloaded)"
        )
    kind = {"cifar10": datasets.CIFAR10, "cifar100": datasets.CIFAR100}[options.name]
    mean, std = STATISTICS[options.name]
    standardised = [v2.ToDtype(torch.float32, scale=True), v2.Normalize(mean, std)]
    moved = [v2.RandomCrop(32, padding=4), v2.RandomHorizontalFlip()]
    augment = moved if options.augment == "crop-flip" else []
    parts = []
    for train, steps in (True, augment + standardised), (False, standardised):
        try:
            stored = kind(root, train=train, download=False)
        except RuntimeError:
            where = root / source.folder
            raise DataError(f"{where}: files are missing or damaged; unpack them again") from None
        images = torch.as_tensor(stored.data).permute(0, 3, 1, 2).contiguous()
        parts.append(Images(images, torch.as_tensor(stored.targets), v2.Compose(steps)))
    return Data(parts[0], parts[1], source.in_channels, source.classes)


# Mean and standard deviation of each channel over the 50,000 training images, in [0, 1].
STATISTICS = {
    "cifar10": ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
    "cifar100": ((0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)),
}
_MOVED = frozenset({"none", "crop-flip"})

DATASETS: dict[str, Source] = {
    "digits": Source(digits, in_channels=1, size=8, classes=10),
    "cifar10": Source(cifar, 3, 32, 10, _MOVED, folder="cifar-10-batches-py"),
    "cifar100": Source(cifar, 3, 32, 100, _MOVED, folder="cifar-100-python"),
}
