"""The shipped networks: TOML files with a `[model]` table, under `networks/`."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypedDict

from butcher import resources
from butcher.models.model import ModelOptions


class UnknownNetworkError(FileNotFoundError):
    """No file, and no shipped network, of that name."""


class Entry(TypedDict):
    """A line of `butcher list --networks`. `scheme` is None where the file leaves it to the
    family; `title` is the file's first line."""

    name: str
    family: str
    scheme: str | None
    title: str


def shipped() -> Mapping[str, Traversable]:
    """The shipped networks: name -> file. Adding a file is all it takes to add one."""
    files = resources.root("networks").iterdir()
    named = {f.name.removesuffix(".toml"): f for f in files if f.name.endswith(".toml")}
    return dict(sorted(named.items()))


def find(model: str) -> Path | Traversable:
    """The file of a path (a separator in it, or `.toml` at its end) or of a shipped name."""
    if os.sep in model or "/" in model or model.endswith(".toml"):
        return Path(model)
    known = shipped()
    if model in known:
        return known[model]
    near = get_close_matches(model, known, n=3, cutoff=0.5)
    mend = f"did you mean {' or '.join(near)}? " if near else ""
    raise UnknownNetworkError(
        f"no shipped network is called {model!r}: {mend}`butcher list --networks` shows them; "
        f"a file of your own is named with its path, ./{model} or {model}.toml"
    )


def table(name: str) -> dict[str, Any]:
    """The `[model]` table of a shipped network."""
    read: dict[str, Any] = tomllib.loads(find(name).read_text(encoding="utf-8"))["model"]
    return read


def changed(table: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`table` with other keys, which replace those that say the same otherwise, as depth blocks."""
    replaced = {
        key for group in ModelOptions.alternatives if group & changes.keys() for key in group
    }
    return {key: value for key, value in table.items() if key not in replaced} | dict(changes)


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
