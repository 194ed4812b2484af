"""What a study trains: a recipe in several variants, each from several seeds.

A run is an ordinary run folder, `FOLDER/runs/NAME-sSEED/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from butcher.laboratory.study.variant import StudyError, Variant
from butcher.models import TableError, parameters
from butcher.models.build import network
from butcher.models.setting import SettingError
from butcher.training.data import Data, DataOptions, load
from butcher.training.recipe import Recipe, read_recipe


@dataclass(frozen=True)
class Cell:
    """One training of a study, whatever its seed.

    name      begins the names of its runs' folders.
    settings  the variant's, and those of the experiment.
    """

    variant: Variant
    name: str
    settings: tuple[str, ...]


@dataclass(frozen=True)
class Built:
    """The network of a cell.

    layers       weighted ones, as the family's paper counts.
    evaluations  of sub-nets, in one pass.
    """

    layers: int
    blocks: int
    evaluations: int
    parameters: int
    classes: int


@dataclass(frozen=True)
class Planned:
    """A run of a study; its recipe is what the study's recipe and the settings make."""

    cell: Cell
    seed: int
    recipe: Recipe

    @property
    def folder(self) -> Path:
        return self.recipe.out


@dataclass(frozen=True)
class Request:
    """What a command asks for: variants of a recipe, seeds, and the folder for all of it.

    settings  of the command line, before those of the variants.
    jobs      how many runs at a time; None: as many as there are cores for.
    """

    recipe: Path
    variants: tuple[Variant, ...]
    seeds: tuple[int, ...]
    folder: Path
    settings: tuple[str, ...] = ()
    jobs: int | None = None

    def planned(self, cells: Sequence[Cell]) -> list[Planned]:
        """Every run, seeds outside: what drifts on the machine meets all cells alike.

        Raises RecipeError, SettingError or OSError for the recipe, StudyError for a variant.
        """
        return [self._planned(cell, seed) for seed in self.seeds for cell in cells]

    def _planned(self, cell: Cell, seed: int) -> Planned:
        out = self.folder / "runs" / f"{cell.name}-s{seed}"
        settings = [*self.settings, *cell.settings, f"train.seed={seed}", f"train.out={out}"]
        recipe = read_in(self.recipe, settings, cell)
        if recipe.train.threads is None:
            recipe = read_in(self.recipe, [*settings, "train.threads=1"], cell)
        return Planned(cell, seed, recipe)

    def said(self) -> dict[str, Any]:
        """For the raw numbers of the experiment."""
        return {
            "recipe": self.recipe.stem,
            "settings": list(self.settings),
            "seeds": list(self.seeds),
            "variants": {v.label: list(v.settings) for v in self.variants},
        }


def read_in(path: Path, settings: Sequence[str], cell: Cell) -> Recipe:
    """The recipe of a cell; what is wrong with the variant's own settings names the variant."""
    try:
        return read_recipe(path, settings)
    except SettingError as wrong:
        raise _of_cell(wrong, cell) from None


def checked(planned: Sequence[Planned]) -> dict[Cell, Built]:
    """Every cell's network, built without weights: nothing is trained before all can be.

    Raises what `read_recipe` and `load` do, SpecError for a scheme, StudyError for a variant.
    """
    found: dict[Cell, Built] = {}
    options: DataOptions | None = None
    for one in planned:
        if one.recipe.data != options:
            options = one.recipe.data
            data = load(options)
            if not len(data.validation):
                raise StudyError(
                    "data.validation = 0 leaves no images to measure by before the test; give "
                    "--set data.validation=0.1"
                )
        if one.cell not in found:
            found[one.cell] = _built(one, data)
    return found


def _built(planned: Planned, data: Data) -> Built:
    recipe = planned.recipe
    try:
        with torch.device("meta"):
            made = network(recipe.model, data.in_channels, data.classes)
    except TableError as wrong:
        raise refused(recipe, wrong, planned.cell) from None
    facts = made.facts
    return Built(facts.layers, sum(facts.blocks), facts.nfe, parameters(made), data.classes)


def refused(recipe: Recipe, wrong: TableError, cell: Cell) -> Exception:
    """What only building a network shows, in the words of its file or of the command line."""
    error = recipe.source.error(wrong)
    return _of_cell(error, cell) if isinstance(error, SettingError) else error


def _of_cell(wrong: SettingError, cell: Cell) -> SettingError | StudyError:
    """A wrong setting that a variant made is the variant's."""
    message = str(wrong)
    if any(f"--set {setting}" in message for setting in cell.variant.settings):
        return StudyError(f"variant {cell.variant.label!r}: {message.replace('--set ', '')}")
    return wrong
