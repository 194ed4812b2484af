"""A run that was made, read from its folder."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import torch

from butcher.models import Network, network
from butcher.models.source import RecipeError
from butcher.training import checkpoint
from butcher.training.data import Data, load
from butcher.training.folder import RunError
from butcher.training.nearby import nearby
from butcher.training.precision import single
from butcher.training.recipe import Recipe, read_recipe
from butcher.training.result import EpochResult

__all__ = ["EpochResult", "RunError", "StoredRun", "stored"]


@dataclass(frozen=True)
class StoredRun:
    """What `butcher train` left in `folder`.

    recipe   with every default written out; its `out` is the folder.
    summary  how it ended, None of a run that has not.
    epochs   those that are whole.
    digest   of the recipe, when the run began: runs of one digest have the same numbers.
    """

    folder: Path
    recipe: Recipe
    summary: Mapping[str, Any] | None
    epochs: list[EpochResult]
    digest: str

    @property
    def name(self) -> str:
        return self.folder.name

    def checkpoint(self) -> checkpoint.State:
        """What the run would go on from; RunError where there is none."""
        try:
            return checkpoint.read(self.folder / checkpoint.NAME)
        except FileNotFoundError:
            again = f"{self.folder}/recipe.toml --set out={self.folder}"
            command = again if self.summary else f"{self.folder} --resume"
            raise RunError(
                f"{self.folder}: has no {checkpoint.NAME}; train it: butcher train {command}"
            ) from None

    def network(self, weights: Literal["best", "last"] = "best") -> Network:
        """The network on the CPU, in evaluation mode, as the last checkpoint has it.

        "best": the averaged weights where the run has them, which are those it was measured with;
        "last": those of the last step.
        """
        state = self.checkpoint()
        options = self.recipe.model.model_copy(update={"scheme": state["scheme"]["text"]})
        sample = state["sample"]
        with torch.random.fork_rng(devices=[]), single():
            made = network(options, sample["in_channels"], sample["classes"])
        averaged = state["average"] if weights == "best" else None
        made.load_state_dict(averaged or state["model"])
        return made.eval()

    def data(self) -> Data:
        """The images it was trained and measured on; DataError where they are not here."""
        return load(self.recipe.data)


def stored(folder: Path | str) -> StoredRun:
    """The run in `folder`; RunError where there is none."""
    path = Path(folder)
    file = path / "recipe.toml"
    if not file.is_file():
        raise RunError(f"{path}: is no folder of a run, it holds no recipe.toml{_meant(path)}")
    try:
        recipe = read_recipe(file)
        environment = _json(path / "environment.json")
        return StoredRun(
            path,
            replace(recipe, train=recipe.train.model_copy(update={"out": str(path)})),
            _json(path / "summary.json"),
            _epochs(path / "metrics.csv"),
            recipe.digest if environment is None else environment["digest"],
        )
    except (RecipeError, ValueError, KeyError, TypeError) as wrong:
        why = str(wrong).splitlines()[0] if str(wrong) else type(wrong).__name__
        raise RunError(f"{path}: is damaged ({why}); train its recipe again") from None


def _meant(path: Path) -> str:
    """What else it may be, or how to come by one."""
    if (path / "runs").is_dir():
        return f"; write its runs, {path / 'runs' / '*'}"
    near = nearby(path, lambda other: (other / "recipe.toml").is_file())
    return near or "; butcher train RECIPE makes one"


def _json(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as wrong:
        raise ValueError(f"{path.name}: {wrong}") from None
    return found


def _epochs(path: Path) -> list[EpochResult]:
    """The lines of metrics.csv; one without its end is of an epoch that was not written whole."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    try:
        return [_epoch(line) for line in csv.DictReader(text[: text.rfind("\n") + 1].splitlines())]
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{path.name} has a line that is of no epoch") from None


def _epoch(line: Mapping[str, str]) -> EpochResult:
    whole = {"epoch", "step"}
    return EpochResult(
        **{
            field.name: _number(line[field.name], whole=field.name in whole)
            for field in fields(EpochResult)
        }
    )


def _number(text: str, *, whole: bool) -> Any:
    if text == "":
        return None
    return int(text) if whole else float(text)
