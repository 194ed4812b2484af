"""Recipes: TOML files with the tables `[model]`, `[data]` and `[train]`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from butcher.models.build import read
from butcher.models.model import ModelOptions
from butcher.models.options import Options, Problem, TableError, checked, suggestion
from butcher.models.setting import apply, settings_of
from butcher.models.source import RecipeSource, read_source, table_of
from butcher.training.data import DataOptions


def _device(name: str) -> str:
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", name):
        raise ValueError('is not known; expected "auto", "cpu", "cuda" or "cuda:1"')
    return name


class TrainOptions(Options):
    """Keys of `[train]`. Times are in epochs."""

    epochs: int = Field(default=30, ge=1)
    optimizer: Literal["sgd", "adamw"] = "sgd"
    lr: float = Field(default=0.1, gt=0)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    nesterov: bool = False
    weight_decay: float = Field(default=1e-4, ge=0)
    schedule: Literal["constant", "step", "cosine"] = "cosine"
    milestones: tuple[Annotated[int, Field(gt=0)], ...] = Field(default=(), strict=False)
    gamma: float = Field(default=0.1, gt=0)
    lr_min: float = Field(default=0.0, ge=0)
    warmup: float = Field(default=0.0, ge=0)
    seed: int = Field(default=0, ge=0, lt=2**63)
    precision: Literal["fp32", "bf16"] = "fp32"
    device: Annotated[str, AfterValidator(_device)] = "auto"
    threads: int | None = Field(default=None, ge=1)
    out: str | None = None

    @model_validator(mode="after")
    def _fits(self) -> TrainOptions:
        if self.schedule == "step" and not self.milestones:
            raise ValueError('schedule = "step" needs milestones, epochs such as [80, 120]')
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov needs a momentum above 0")
        if self.warmup > self.epochs:
            raise ValueError(f"warmup = {self.warmup} is longer than the {self.epochs} epochs")
        return self


OPTIONS: dict[str, type[Options]] = {
    "model": ModelOptions,
    "data": DataOptions,
    "train": TrainOptions,
}


@dataclass(frozen=True)
class Recipe:
    """A checked recipe, and the text it was read from."""

    source: RecipeSource
    model: ModelOptions
    data: DataOptions
    train: TrainOptions

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.source.path.stem

    @property
    def out(self) -> Path:
        """The folder that the run writes to."""
        return Path(self.train.out or Path("runs") / self.name)

    def tables(self) -> dict[str, Any]:
        """The tables again, with every default written out; plain values only."""
        return {
            table: getattr(self, table).model_dump(mode="json", exclude_none=True)
            for table in OPTIONS
        }


def read_recipe(path: Path, settings: Sequence[str] = ()) -> Recipe:
    """The recipe in `path`, with `settings` (`train.epochs=3`) in place of what it says.

    Raises RecipeError for the file, SettingError for a setting, OSError for no file.
    """
    source = read_source(path)
    tables = source.tables()
    try:
        if unknown := sorted(tables.keys() - set(OPTIONS)):
            raise TableError(
                Problem(name, f"no such table{suggestion(name, OPTIONS)}") for name in unknown
            )
        sections = {name: table_of(tables, name) for name in OPTIONS}
        given = settings_of(settings, {name: [*o.model_fields] for name, o in OPTIONS.items()})
        source = replace(source, settings=tuple(given))
        apply(sections, given)
        return Recipe(source=source, **_all_checked(sections))
    except TableError as wrong:
        raise source.error(wrong) from None


def _all_checked(sections: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Every table read; the problems of all of them in one TableError."""
    found: dict[str, Options] = {}
    problems: list[Problem] = []
    for name, kind in OPTIONS.items():
        try:
            found[name] = (
                read(sections[name]) if name == "model" else checked(kind, sections[name], name)
            )
        except TableError as wrong:
            problems += wrong.problems
    if problems:
        raise TableError(problems)
    return found
