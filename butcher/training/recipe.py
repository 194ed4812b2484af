"""Recipes: TOML files with the tables `[model]`, `[data]` and `[train]`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from butcher.compiler import resolve, shipped
from butcher.models.build import read
from butcher.models.model import ModelOptions
from butcher.models.options import Options, Problem, TableError, checked, suggestion
from butcher.models.setting import apply, settings_of
from butcher.models.source import RecipeSource, read_source, table_of
from butcher.training.data import DataOptions
from butcher.training.options import TrainOptions
from butcher.training.shipped import found

OPTIONS: dict[str, type[Options]] = {
    "model": ModelOptions,
    "data": DataOptions,
    "train": TrainOptions,
}


OF_NO_EFFECT = frozenset(
    {
        "data.root",
        "data.workers",
        "train.checkpoint_every",
        "train.checkpoint_steps",
        "train.device",
        "train.devices",
        "train.out",
        "train.parallel",
        "train.tensorboard",
        "train.test",
        "train.threads",
    }
)
"""Keys that change no number of a training, or its last digits only.

Of `devices` that is so where no sub-net draws numbers and none normalises over a batch.
"""


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

    def tables(self) -> dict[str, dict[str, Any]]:
        """The tables again, with every default written out; plain values only.

        The file of a scheme is replaced by its text, read once, so they say the same in any
        folder. SpecError and OSError for a file that is not what it should be.
        """
        return deepcopy(self._tables)

    @cached_property
    def _tables(self) -> dict[str, dict[str, Any]]:
        tables = {
            table: getattr(self, table).model_dump(mode="json", exclude_none=True)
            for table in OPTIONS
        }
        for key in SCHEMES & tables["model"].keys():
            name = tables["model"][key]
            if "\n" not in name and name not in shipped():
                tables["model"][key] = resolve(name).canonical
        return tables

    def keys(self) -> dict[str, Any]:
        """What the numbers of a training follow from: each dotted key with its value."""
        found = dict(_flat(self.tables()))
        return {key: value for key, value in found.items() if key not in OF_NO_EFFECT}

    @cached_property
    def digest(self) -> str:
        """SHA-256 of `keys` and of the texts of the schemes, the first 16 hexadecimal digits."""
        keys = self.keys()
        texts = [
            resolve(keys[f"model.{key}"]).digest
            for key in sorted(SCHEMES)
            if f"model.{key}" in keys
        ]
        whole = json.dumps([keys, texts], sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()[:16]


SCHEMES = frozenset({"scheme", "starter"})
"""Keys of `[model]` that name a scheme."""


def read_recipe(path: Path, settings: Sequence[str] = ()) -> Recipe:
    """The recipe in `path`, or the shipped one of that name.

    `settings` (`train.epochs=3`) take the place of what it says.

    Raises RecipeError for the file, SettingError for a setting, OSError for no file.
    """
    source = read_source(found(path))
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
    if not problems:
        problems += _not_shared_out(found["data"], found["train"])
    if problems:
        raise TableError(problems)
    return found


def _not_shared_out(data: Options, train: Options) -> Iterator[Problem]:
    """A batch of which processes would have unequal shares."""
    assert isinstance(data, DataOptions)
    assert isinstance(train, TrainOptions)
    devices = train.devices
    if data.batch % devices:
        near = max(1, round(data.batch / devices)) * devices
        message = f"{data.batch} images cannot be shared out evenly to train.devices = {devices}"
        yield Problem("data.batch", f"{message}; write {near}")


def _flat(tables: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tables.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
