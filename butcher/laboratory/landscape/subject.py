"""Whose loss is looked at: finished runs, and networks of a recipe that nobody has trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from butcher.laboratory.finished import ended, on_one_data_set
from butcher.laboratory.groups import Group, groups
from butcher.laboratory.landscape.surface import Labelled
from butcher.models import Network
from butcher.training.data import Data, load
from butcher.training.recipe import Recipe, read_recipe
from butcher.training.run import network
from butcher.training.stored import StoredRun

State = Literal["untrained", "trained"]


@dataclass(frozen=True)
class Subject:
    """A recipe with a seed, and the run of it, if there is one."""

    recipe: Recipe
    run: StoredRun | None = None

    @property
    def states(self) -> tuple[State, ...]:
        return ("untrained",) if self.run is None else ("untrained", "trained")

    def network(self, state: State, data: Data) -> Network:
        """With its first weights, or with those that training found; in evaluation mode."""
        if state == "trained":
            assert self.run is not None
            return self.run.network()
        return fresh(self.recipe, data).eval()


def subjects(paths: Sequence[Path], seeds: int) -> list[Group[Subject]]:
    """Folders are runs; files are recipes, of each so many seeds from its own on."""
    found: list[Subject] = []
    named: list[tuple[str, Recipe]] = []
    for path in paths:
        if path.is_dir():
            run = ended(path)
            made = [Subject(run.recipe, run)]
        else:
            recipe = read_recipe(path)
            made = [Subject(seeded(recipe, recipe.train.seed + i)) for i in range(seeds)]
        found += made
        named.append((str(path), made[0].recipe))
    on_one_data_set(named)
    return groups(found)


def seeded(recipe: Recipe, seed: int) -> Recipe:
    """The same recipe with another seed."""
    return replace(recipe, train=recipe.train.model_copy(update={"seed": seed}))


def fresh(recipe: Recipe, data: Data) -> Network:
    """The network with which a run of the recipe begins, its weights drawn from the seed."""
    with torch.random.fork_rng(devices=[]):
        return network(recipe, data)


def training_images(recipe: Recipe, number: int) -> tuple[Data, Labelled]:
    """The data, and so many of the training images, the same ones for all; not augmented."""
    data = load(recipe.data)
    drawn = np.random.default_rng(0).permutation(len(data.train))[:number]
    chosen = np.sort(drawn).astype(np.int64)
    return data, (data.train.images(chosen), data.train.labels[torch.from_numpy(chosen)])
