"""Runs that differ in nothing but their seed belong together; groups are told apart by words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Generic, Protocol, TypeVar

from butcher.training.recipe import OPTIONS, Recipe


class HasRecipe(Protocol):
    """A run, as far as it matters here."""

    @property
    def recipe(self) -> Recipe: ...


Run = TypeVar("Run", bound=HasRecipe)


class GroupError(Exception):
    """Runs that cannot stand side by side. One line, with the mend."""


@dataclass(frozen=True)
class Group(Generic[Run]):
    """The runs of one recipe, by rising seed; `label` is what it differs in from other groups."""

    label: str
    runs: tuple[Run, ...]

    @property
    def recipe(self) -> Recipe:
        """Of the run with the lowest seed."""
        return self.runs[0].recipe

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(run.recipe.train.seed for run in self.runs)


def groups(runs: Sequence[Run]) -> list[Group[Run]]:
    """The runs by recipe, in the order in which each recipe comes first.

    Raises GroupError where two are of one recipe and one seed: they would count twice.
    """
    found: dict[str, dict[int, Run]] = {}
    for run in runs:
        same = found.setdefault(_identity(run.recipe), {})
        seed = run.recipe.train.seed
        if seed in same:
            raise GroupError(
                f"{same[seed].recipe.out} and {run.recipe.out} are runs of one recipe with "
                f"seed {seed}, and would count twice; leave one of them out"
            )
        same[seed] = run
    members = [tuple(same[seed] for seed in sorted(same)) for same in found.values()]
    names = labels([each[0].recipe for each in members])
    return [Group(name, each) for name, each in zip(names, members, strict=True)]


def labels(recipes: Sequence[Recipe]) -> list[str]:
    """A name for each: its scheme, then each key in which these recipes differ."""
    return told_apart([keys_but_seed(recipe) for recipe in recipes])


def told_apart(recipes: Sequence[Mapping[str, Any]]) -> list[str]:
    """The same of the recipes' dotted keys."""
    every = dict.fromkeys(key for keys in recipes for key in keys)
    tables = list(OPTIONS)
    differ = [
        key
        for key in sorted(every, key=lambda key: tables.index(key.partition(".")[0]))
        if key != "model.scheme"
        and len({json.dumps(keys.get(key), default=str) for keys in recipes}) > 1
    ]
    return [
        ", ".join([scheme_name(str(keys["model.scheme"])), *_words(keys, differ)])
        for keys in recipes
    ]


def keys_but_seed(recipe: Recipe) -> dict[str, Any]:
    """What runs of a group have in common: each dotted key with its value."""
    return {key: value for key, value in recipe.keys().items() if key != "train.seed"}


def scheme_name(scheme: str) -> str:
    """`verner89` of a shipped name or a path; of a text its first word after `scheme`."""
    if "\n" in scheme:
        words = scheme.split()
        return words[words.index("scheme") + 1] if "scheme" in words[:-1] else "scheme"
    return PurePath(scheme).stem


def _identity(recipe: Recipe) -> str:
    return json.dumps(keys_but_seed(recipe), sort_keys=True, default=str)


def _words(keys: Mapping[str, Any], differ: Sequence[str]) -> Iterator[str]:
    """`step learned`, `depth 58`; a key that a recipe lacks is not said."""
    for key in differ:
        if keys.get(key) is not None:
            yield f"{key.rpartition('.')[2].replace('_', ' ')} {_said(keys[key])}"


def _said(value: Any) -> str:
    if isinstance(value, list):
        return "-".join(map(_said, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
