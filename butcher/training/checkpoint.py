"""checkpoint.pt: what a training goes on from."""

from __future__ import annotations

import io
import pickle
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from butcher.compiler import resolve
from butcher.training.data import Data
from butcher.training.folder import Folder, RunError
from butcher.training.place import Place
from butcher.training.recipe import Recipe
from butcher.version import __version__

NAME = "checkpoint.pt"
FORMAT = 1

State = dict[str, Any]


def heading(recipe: Recipe, data: Data, place: Place) -> State:
    """What is the same in every checkpoint of a run: whose it is, and where it is computed."""
    scheme = resolve(recipe.model.scheme)
    return {
        "format": FORMAT,
        "recipe": recipe.tables(),
        "digest": recipe.digest,
        "scheme": {"text": scheme.canonical, "digest": scheme.digest},
        "sample": {"in_channels": data.in_channels, "size": data.size, "classes": data.classes},
        "place": computed_by(place),
    }


def computed_by(place: Place) -> dict[str, str | int]:
    """What the last digits depend on."""
    return {
        "butcher": __version__,
        "torch": str(torch.__version__),
        "python": platform.python_version(),
        "device": str(place.device),
        "threads": torch.get_num_threads(),
        "processes": place.world,
        "parallel": place.group.parallel,
    }


def write(folder: Folder, state: Mapping[str, Any]) -> None:
    """Put a checkpoint in the place of the last one; of no moment is there none or half of one."""
    whole = dict(state)
    folder.write(NAME, lambda file: file.write(_saved(whole)))


def _saved(state: State) -> memoryview:
    """As a file; from memory, so that a full disk is an OSError and none of torch's archive."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getbuffer()


def read(path: Path) -> State:
    """The checkpoint at `path`, on the CPU; nothing that it holds is executed.

    RunError for a file that is none, OSError for one that is not there.
    """
    try:
        state: State = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, ValueError, KeyError, EOFError, pickle.UnpicklingError) as wrong:
        why = str(wrong).splitlines()[0].partition(". ")[0] if str(wrong) else type(wrong).__name__
        raise RunError(f"{path}: is no checkpoint that can be read ({why}); remove it") from None
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise RunError(f"{path}: was written by another version; train the recipe again")
    return state
