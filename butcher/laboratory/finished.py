"""Finished runs that something is asked of: read from their folders, on one data set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from butcher.laboratory.groups import Group, groups
from butcher.models import Network
from butcher.training.data import Data, Split
from butcher.training.recipe import Recipe
from butcher.training.stored import StoredRun, stored

Part = Literal["validation", "test"]

NOT_THE_DATA = frozenset({"data.batch", "data.augment"})
"""Keys of `[data]` that leave the images of validation and test as they are."""


class AskError(Exception):
    """What these runs cannot be asked. One line, with the mend."""


def finished(folders: Sequence[Path]) -> list[Group[StoredRun]]:
    """The runs in these folders by recipe.

    Raises RunError for a folder that is none, GroupError for a run given twice, AskError for one
    that has not ended well and for runs on several data sets.
    """
    runs = [ended(folder) for folder in folders]
    on_one_data_set([(str(run.folder), run.recipe) for run in runs])
    return groups(runs)


def ended(folder: Path) -> StoredRun:
    """The run in a folder, if it has ended as it should."""
    run = stored(folder)
    if run.summary is None:
        raise AskError(
            f"{folder}: the run has not ended; go on with it: butcher train {folder} --resume"
        )
    if run.summary.get("outcome") != "done":
        raise AskError(
            f"{folder}: the run ended as {run.summary.get('outcome')!r}: what it holds is no "
            "trained network; leave it out"
        )
    return run


def on_one_data_set(named: Sequence[tuple[str, Recipe]]) -> None:
    """AskError where two recipes do not mean the same images."""
    first, keys = named[0][0], _data_keys(named[0][1])
    for name, recipe in named[1:]:
        for key, value in _data_keys(recipe).items():
            if value != keys.get(key):
                raise AskError(
                    f"{name} has {key} = {value}, {first} has {keys.get(key)}: their images are "
                    "not the same; give runs of one data set"
                )


def _data_keys(recipe: Recipe) -> dict[str, object]:
    """What says which images there are."""
    keys = recipe.keys().items()
    return {k: value for k, value in keys if k.startswith("data.") and k not in NOT_THE_DATA}


def images(data: Data, part: Part) -> Split:
    """One part of the data; AskError where it is empty."""
    split = data.validation if part == "validation" else data.test
    if len(split) == 0:
        raise AskError(
            f"the {part} part has no images: the recipe keeps none back; write --part test, which "
            "looks at the test part once more"
        )
    return split


def with_fixed_steps(label: str, network: Network, why: str) -> None:
    """AskError of blocks that control their step; `why` they cannot be asked this."""
    if any(hasattr(block, "accepted") for block in network.blocks):
        raise AskError(f"{label}: its blocks control their step, and {why}; leave these runs out")


def remarks(part: Part) -> tuple[str, ...]:
    """What a reader must know of the images that were looked at."""
    if part == "validation":
        return ("Measured on the validation part; the test part was not touched.",)
    return (
        "Measured on the test part: whatever is chosen by these numbers needs other images to be "
        "judged.",
    )
