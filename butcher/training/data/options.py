"""Keys of `[data]`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from butcher.models.options import Options, one_of
from butcher.training.data.catalogue import DATASETS


class DataOptions(Options):
    """Keys of `[data]`. Where a set has a default of its own, it stands in DATASETS."""

    name: Annotated[str, AfterValidator(one_of(DATASETS))] = "digits"
    root: str | None = None
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
        if dataset.on_disk and self.root is None:
            raise ValueError(f"{self.name} needs root, the folder that holds {dataset.folder}")
        if self.augment not in dataset.augments:
            known = ", ".join(dataset.augments)
            raise ValueError(f"{self.name} has no augment = {self.augment}; known: {known}")
        return self
