"""What a run says of itself: the files of its folder that do not grow, its first and last line."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import torch

from butcher.compiler import resolve
from butcher.models import Network, Report, parameters
from butcher.models.description import describe_options
from butcher.models.family import Sample
from butcher.training import checkpoint, toml
from butcher.training.data import Data
from butcher.training.engine import Engine
from butcher.training.folder import Folder
from butcher.training.place import Place
from butcher.training.recipe import Recipe
from butcher.training.result import Outcome


def described(recipe: Recipe, data: Data) -> Report:
    """The network's report; CannotRunError for images that it cannot take."""
    sample = Sample(data.in_channels, data.size, data.classes)
    return describe_options(recipe.model, sample, recipe.name)


def begin(folder: Folder, recipe: Recipe, report: Report) -> None:
    """The files that say what is trained."""
    folder.text("recipe.toml", toml.written(recipe.tables()))
    folder.text("scheme.tab", resolve(recipe.model.scheme).canonical)
    folder.json("model.json", report.as_json())
    folder.read_me(recipe.out.name)


def environment(folder: Folder, recipe: Recipe, place: Place) -> None:
    """environment.json."""
    machine = {
        "system": platform.platform(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
    }
    if place.device.type == "cuda":
        machine["gpu"] = torch.cuda.get_device_name(place.device)
    folder.json(
        "environment.json",
        {
            "digest": recipe.digest,
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": sys.argv,
            **checkpoint.computed_by(place),
            "machine": machine,
        },
    )


def opening(recipe: Recipe, model: Network, place: Place) -> Iterator[str]:
    """What is trained, and what a reader of the run should know of the network."""
    yield f"{recipe.out.name}: {parameters(model):,} parameters, {place}"
    yield from model.facts.remarks
    if dead := model.facts.dead:
        yield f"without effect, as the paper's rule wants: {', '.join(dead)}"


def end(folder: Folder, recipe: Recipe, engine: Engine, outcome: Outcome) -> None:
    """summary.json, and README.md of all that is there now."""
    figures = vars(outcome.last) if outcome.last else {}
    folder.json(
        "summary.json",
        {
            "outcome": outcome.kind,
            "message": outcome.message,
            "epochs": len(engine.results),
            "steps": engine.steps_done,
            **{key: value for key, value in figures.items() if key not in ("epoch", "step")},
            "test_loss": outcome.test_loss,
            "test_accuracy": outcome.test_accuracy,
            "parameters": parameters(engine.network),
            "seconds": round(engine.seconds, 3),
            "digest": recipe.digest,
            **checkpoint.computed_by(engine.place),
        },
    )
    folder.read_me(recipe.out.name)


def closing(outcome: Outcome, seconds: float, out: Path) -> str:
    """The last line of a run that is done."""
    figures, last = [], outcome.last
    if last and last.validation_loss is not None:
        figures.append(
            f"validation loss {last.validation_loss:.4f}, accuracy {last.validation_accuracy:.2%}"
        )
    if outcome.test_loss is not None:
        figures.append(f"test loss {outcome.test_loss:.4f}, accuracy {outcome.test_accuracy:.2%}")
    return "; ".join([*figures, f"{seconds:.0f} s", str(out)])
