"""What a run's folder already holds: where to go on, or why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from butcher.compiler import resolve
from butcher.compiler.report.words import count
from butcher.training import checkpoint
from butcher.training.checkpoint import State
from butcher.training.folder import RunError
from butcher.training.place import Place
from butcher.training.recipe import Recipe
from butcher.training.result import EpochResult
from butcher.training.stored import StoredRun, stored

MOST_KEYS = 5
"""That a message about another recipe names."""


class OtherRecipeError(RunError):
    """The folder holds a run of another recipe."""


@dataclass(frozen=True)
class Found:
    """A run to go on with.

    state    of its last checkpoint, None where it begins anew.
    remarks  what a reader should know of it.
    ended    how it ended, where there is nothing left to do; `last` its last epoch, `message`
             what is said about it.
    """

    state: State | None = None
    remarks: tuple[str, ...] = ()
    ended: Literal["done", "diverged"] | None = None
    last: EpochResult | None = None
    message: str = ""

    @property
    def lengths(self) -> Mapping[str, int]:
        """Bytes of the files that grow; of a new run none."""
        return self.state["lengths"] if self.state else {}


def found_in(recipe: Recipe, place: Place) -> Found:
    """What `recipe.out` holds of a run of this recipe.

    OtherRecipeError where it is of another one, RunError where it cannot be read.
    """
    if not (recipe.out / "recipe.toml").is_file():
        return Found(remarks=(f"{recipe.out} holds no run yet: beginning at the start",))
    before = stored(recipe.out)
    if different := differences(before.recipe.keys(), recipe.keys()):
        raise OtherRecipeError(
            f"{recipe.out} holds a run of another recipe: {different}; say the same, or give "
            "another folder: --set train.out=FOLDER, or leave --resume out, which replaces that run"
        )
    if before.summary:
        return _ended(before, before.summary)
    if not (recipe.out / checkpoint.NAME).is_file():
        return Found(remarks=(f"{recipe.out} holds no checkpoint: beginning at the start",))
    state = before.checkpoint()
    scheme = resolve(recipe.model.scheme)
    if state["scheme"]["digest"] != scheme.digest:
        raise OtherRecipeError(
            f"{recipe.out} holds a run of another {scheme.name}: its text is in "
            f"{recipe.out / 'scheme.tab'}; train it anew, without --resume"
        )
    return Found(state, tuple(_remarks(recipe, state, place)))


def _ended(before: StoredRun, summary: Mapping[str, Any]) -> Found:
    last = before.epochs[-1] if before.epochs else None
    if summary["outcome"] == "done":
        message = (
            f"{before.folder}: is finished, {count(summary['epochs'], 'epoch')}: nothing to do"
        )
        return Found(ended="done", last=last, message=message)
    message = f"{before.folder}: {summary['message']}; it would again: change the recipe"
    return Found(ended="diverged", last=last, message=message)


def _remarks(recipe: Recipe, state: State, place: Place) -> list[str]:
    """Where the run stands, and what is not as it was."""
    step = f", step {state['step']}" if state["step"] else ""
    found = [f"going on in epoch {min(state['epochs'] + 1, recipe.train.epochs)}{step}"]
    now = checkpoint.computed_by(place)
    changed = [
        f"{key} {before} is now {now[key]}"
        for key, before in state["place"].items()
        if now[key] != before
    ]
    if changed:
        found.append(f"{', '.join(changed)}: the last digits may differ")
    return found


def differences(there: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    """`train.epochs is 14 there and 20 here`, of the first keys that differ."""
    found = [
        f"{key} is {_said(there.get(key))} there and {_said(here.get(key))} here"
        for key in sorted(there.keys() | here.keys())
        if there.get(key) != here.get(key)
    ]
    more = f", and {len(found) - MOST_KEYS} more" if len(found) > MOST_KEYS else ""
    return ", ".join(found[:MOST_KEYS]) + more


def _said(value: object) -> str:
    if isinstance(value, str) and "\n" in value:
        return "a text"
    return "not set" if value is None else str(value)
