"""The shipped networks: TOML files with a `[model]` table, under `networks/`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypedDict

from butcher.models.model import without_alternatives
from butcher.resources import Shelf

NETWORKS = Shelf("networks", ".toml", "network", "butcher list --networks")


class Entry(TypedDict):
    """A line of `butcher list --networks`. `scheme` is None where the file leaves it to the
    family; `title` is the file's first line."""

    name: str
    family: str
    scheme: str | None
    title: str


def shipped() -> Mapping[str, Traversable]:
    """The shipped networks: name -> file."""
    return NETWORKS.files()


def find(model: str) -> Path | Traversable:
    """The file of a path (a separator in it, or `.toml` at its end) or of a shipped name."""
    return NETWORKS.find(model)


def table(name: str) -> dict[str, Any]:
    """The `[model]` table of a shipped network."""
    read: dict[str, Any] = tomllib.loads(find(name).read_text(encoding="utf-8"))["model"]
    return read


def changed(table: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`table` with other keys, which replace those that say the same otherwise, as depth blocks."""
    return without_alternatives(table, changes) | dict(changes)


def catalogue() -> list[Entry]:
    """All shipped networks, by name."""
    return [_entry(name, file.read_text(encoding="utf-8")) for name, file in shipped().items()]


def _entry(name: str, text: str) -> Entry:
    model = tomllib.loads(text)["model"]
    return {
        "name": name,
        "family": model["family"],
        "scheme": model.get("scheme"),
        "title": text.partition("\n")[0].removeprefix("# ").removesuffix("."),
    }
