"""The data sets that a recipe can name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from butcher.training.data.archives import CLASSES, FOLDERS, archive
from butcher.training.data.digits import digits
from butcher.training.data.split import Data

if TYPE_CHECKING:
    from butcher.training.data.options import DataOptions


@dataclass(frozen=True)
class Source:
    """A data set that can be named in a recipe.

    `folder` is what must be in `root`; `defaults` are what keys of `[data]` are where the recipe
    says nothing, and a key that has a default in some set alone is a key of that set alone.
    """

    load: Callable[[DataOptions], Data]
    in_channels: int
    size: int
    classes: int
    augments: tuple[str, ...] = ("none",)
    folder: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)

    @property
    def on_disk(self) -> bool:
        return bool(self.folder)


def load(options: DataOptions) -> Data:
    """The data that `[data]` names, whole and split. Raises DataError."""
    return DATASETS[options.name].load(options)


_MOVED = ("none", "crop-flip", "autoaugment")
_SIZES = {"cifar10": 32, "cifar100": 32, "stl10": 96}

DATASETS: dict[str, Source] = {
    "digits": Source(digits, 1, 8, 10, defaults={"validation": 0.25}),
    **{
        name: Source(archive, 3, _SIZES[name], CLASSES[name], _MOVED, FOLDERS[name])
        for name in FOLDERS
    },
}
