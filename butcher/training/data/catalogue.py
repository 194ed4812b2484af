"""The data sets that a recipe can name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from butcher.training.data.archives import ARCHIVES, archive
from butcher.training.data.digits import digits
from butcher.training.data.folders import folders
from butcher.training.data.glyphs import glyphs
from butcher.training.data.split import Data

if TYPE_CHECKING:
    from butcher.training.data.options import DataOptions


@dataclass(frozen=True)
class Source:
    """A data set that can be named in a recipe.

    `needs` is what must be in `root`. `keys` are those of `[data]` that not every set has, and
    `defaults` what keys are where the recipe says nothing and the set has a value of its own.
    """

    load: Callable[[DataOptions], Data]
    in_channels: int
    size: int
    classes: int
    augments: tuple[str, ...] = ("none",)
    needs: str = ""
    keys: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)


def load(options: DataOptions) -> Data:
    """The data that `[data]` names, whole and split. Raises DataError."""
    return DATASETS[options.name].load(options)


_MOVED = ("none", "crop-flip", "autoaugment")

DATASETS: dict[str, Source] = {
    "digits": Source(digits, 1, 8, 10, defaults={"validation": 0.25}),
    "glyphs": Source(
        glyphs,
        3,
        32,
        10,
        ("none", "crop", "autoaugment"),
        keys=("root", "classes", "images", "image_seed"),
        defaults={"classes": 10, "images": 20_000, "image_seed": 0},
    ),
    **{
        name: Source(archive, 3, kind.size, kind.classes, _MOVED, kind.folder, ("root",))
        for name, kind in ARCHIVES.items()
    },
    "imagenet": Source(folders, 3, 224, 1000, ("none", "crop-flip"), "train and val", ("root",)),
}
