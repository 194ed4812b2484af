"""One run: data, network, training, record."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from torch import nn

from butcher import models
from butcher.models import Network, TableError, parameters
from butcher.training.data import Batches, Data, DataError, load
from butcher.training.display import Display
from butcher.training.loop import Diverged, EpochResult, fit
from butcher.training.recipe import Recipe
from butcher.training.record import Record


@dataclass(frozen=True)
class Outcome:
    """How a run ended. `last` is the last whole epoch, `message` why a run stopped early."""

    kind: Literal["done", "diverged"]
    last: EpochResult | None
    message: str = ""


def run(recipe: Recipe) -> Outcome:
    """Train as `recipe` says and write its folder. The same recipe gives the same numbers.

    (On one kind of machine, with as many threads and workers; on a GPU up to its libraries.)
    Raises DataError, SpecError, OSError, and the errors of `network`.
    """
    with cpu_threads(recipe.train.threads):
        return _run(recipe)


def _run(recipe: Recipe) -> Outcome:
    begin = time.monotonic()
    options = recipe.train
    device = device_of(options.device)
    data = load(recipe.data)
    model = network(recipe, data).to(device, torch.float32)
    train = Batches(
        data.train,
        recipe.data.batch,
        options.seed,
        workers=recipe.data.workers,
        pin=device.type == "cuda",
    )
    record, tables = Record(recipe.out), recipe.tables()
    outcome = Outcome("done", None)
    with Display(options.epochs * len(train)) as display:
        display.line(f"{recipe.name}: {parameters(model):,} parameters, {device}")
        for remark in remarks(model):
            display.line(remark)
        try:
            for result in fit(model, train, data.validation, options, device, display.step):
                record.epoch(result, model, tables)
                display.line(said(result, options.epochs))
                outcome = Outcome("done", result)
        except Diverged as end:
            outcome = Outcome("diverged", outcome.last, str(end))
    seconds = time.monotonic() - begin
    record.end(summary(outcome, model, device, seconds) | {"recipe": tables})
    if last := outcome.last:
        accuracy = f"held-out loss {last.held_out_loss:.4f}, accuracy {last.held_out_accuracy:.2%}"
        print(f"{accuracy}; {seconds:.0f} s; {recipe.out}", flush=True)
    return outcome


def remarks(model: Network) -> list[str]:
    """What a reader of the run should know of the network."""
    dead = model.facts.dead
    without = [f"without effect, as the paper's rule wants: {', '.join(dead)}"] if dead else []
    return [*model.facts.remarks, *without]


def network(recipe: Recipe, data: Data) -> Network:
    """The network, its weights drawn from the recipe's seed.

    Raises RecipeError or SettingError for what only building shows: a depth that does not divide.
    """
    torch.manual_seed(recipe.train.seed)
    try:
        return models.network(recipe.model, data.in_channels, data.classes)
    except TableError as wrong:
        raise recipe.source.error(wrong) from None


def summary(
    outcome: Outcome, model: nn.Module, device: torch.device, seconds: float
) -> dict[str, Any]:
    """What metrics.json says: how the run ended, its last line of metrics.csv, and what it took."""
    return {
        "outcome": outcome.kind,
        "message": outcome.message,
        **(asdict(outcome.last) if outcome.last else {}),
        "parameters": parameters(model),
        "seconds": round(seconds, 2),
        "device": str(device),
        "torch": str(torch.__version__),
    }


@contextmanager
def cpu_threads(number: int | None) -> Iterator[None]:
    """Compute with so many threads, then with as many as before; None changes nothing.

    Sums are cut into as many parts as there are threads, so the last digits depend on it.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(number or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def device_of(name: str) -> torch.device:
    """The device of `[train]`; "auto" is the GPU if there is one."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise DataError(f'device = "{name}": there is no such GPU here; write "cpu" or "auto"')
    return device


def said(result: EpochResult, epochs: int) -> str:
    """One epoch as a line."""
    return (
        f"epoch {result.epoch:{len(str(epochs))}}/{epochs}"
        f"  train loss {result.train_loss:.4f}, accuracy {result.train_accuracy:6.2%}"
        f"  held-out accuracy {result.held_out_accuracy:6.2%}"
    )
