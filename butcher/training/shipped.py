"""The shipped recipes: TOML files under `recipes/`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypedDict

from butcher.resources import Shelf

RECIPES = Shelf("recipes", ".toml", "recipe", "butcher list --recipes")


class Entry(TypedDict):
    """A line of `butcher list --recipes`. `title` is the file's first line."""

    name: str
    data: str
    epochs: int
    title: str


def shipped() -> Mapping[str, Traversable]:
    """The shipped recipes: name -> file."""
    return RECIPES.files()


def found(recipe: Path) -> Path:
    """The path itself, or the file of a shipped recipe where it is a name and no file.

    Raises UnknownNameError.
    """
    if recipe.exists() or recipe.name != str(recipe):
        return recipe
    return Path(str(RECIPES.find(recipe.name)))


def catalogue() -> list[Entry]:
    """All shipped recipes, by name."""
    return [_entry(name, file.read_text(encoding="utf-8")) for name, file in shipped().items()]


def _entry(name: str, text: str) -> Entry:
    tables = tomllib.loads(text)
    return {
        "name": name,
        "data": tables["data"]["name"],
        "epochs": tables["train"]["epochs"],
        "title": text.partition("\n")[0].removeprefix("# ").removesuffix("."),
    }
