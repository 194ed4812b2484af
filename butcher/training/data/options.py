"""Keys of `[data]`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from butcher.models.options import Options, one_of
from butcher.training.data.catalogue import DATASETS


class DataOptions(Options):
    """Keys of `[data]`. Where a set has a default of its own, it stands in DATASETS.

    `root`, `classes`, `images` and `image_seed` are None for a set that has no such key.
    """

    name: Annotated[str, AfterValidator(one_of(DATASETS))] = "digits"
    root: str | None = None
    classes: Literal[10, 100] | None = None
    images: int | None = Field(default=None, ge=1)
    image_seed: int | None = Field(default=None, ge=0, lt=2**63)
    augment: Literal["none", "crop", "crop-flip", "autoaugment"] = "none"
    batch: int = Field(default=128, ge=1)
    validation: float = Field(default=0.1, ge=0, lt=1)
    split_seed: int = Field(default=0, ge=0, lt=2**63)
    workers: int = Field(default=0, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _of_the_set(cls, given: Any) -> Any:
        name = given.get("name", "digits") if isinstance(given, Mapping) else None
        known = DATASETS.get(name) if isinstance(name, str) else None
        return {**known.defaults, **given} if known else given

    @model_validator(mode="after")
    def _fits(self) -> DataOptions:
        dataset = DATASETS[self.name]
        for key in sorted({key for known in DATASETS.values() for key in known.keys}):
            if key not in dataset.keys and getattr(self, key) is not None:
                having = ", ".join(name for name, known in DATASETS.items() if key in known.keys)
                raise ValueError(f"{self.name} has no {key}, which is a key of {having}")
        if dataset.needs and self.root is None:
            raise ValueError(f"{self.name} needs root, the folder that holds {dataset.needs}")
        if self.augment not in dataset.augments:
            known_ones = ", ".join(dataset.augments)
            raise ValueError(f"{self.name} has no augment = {self.augment}; known: {known_ones}")
        if self.classes and self.images and self.images < 5 * self.classes:
            fewest = 5 * self.classes
            message = f"images = {self.images} is less than {fewest}, five of each class"
            raise ValueError(message)
        return self
