"""One run: data, network, training, and the folder that tells of it."""

from __future__ import annotations

from collections.abc import Callable

import torch

from butcher import models
from butcher.models import Network, TableError
from butcher.training import checkpoint, report
from butcher.training.curves import Curves, writer
from butcher.training.data import Data, load
from butcher.training.display import Display
from butcher.training.engine import Engine
from butcher.training.folder import Folder, OthersFolder
from butcher.training.keeper import Keeper, resuming
from butcher.training.log import Log
from butcher.training.place import Place, cpu_threads, is_started, taken
from butcher.training.precision import single
from butcher.training.recipe import Recipe
from butcher.training.result import Diverged, Outcome
from butcher.training.resume import Found, found_in
from butcher.training.started import DiedError, started
from butcher.training.stop import Interrupted, Stop

Begin = Callable[[Network], None]


def run(
    recipe: Recipe, *, resume: bool = False, begin: Begin | None = None, quiet: bool = False
) -> Outcome:
    """Train as `recipe` says and write its folder. The same recipe gives the same numbers.

    (On one kind of machine, with as many threads; on a GPU up to its libraries.)
    resume  goes on where the folder's run stands; of a finished one only tells how it ended.
    begin   changes the fresh network before its first step; where processes are started, it
            pickles.
    quiet   prints nothing.

    Of several `devices` this process is one, where torchrun has started it; else it starts them.

    Raises DataError, SpecError, OSError, the errors of `network`, and RunError for a folder that
    cannot be gone on from.
    """
    if recipe.train.devices > 1 and not is_started():
        try:
            return started(recipe.train.devices, _take_part, recipe, resume, begin, quiet)
        except DiedError as end:
            return Outcome("interrupted", None, f"{end}; {_further(recipe)}", end.number)
    return _take_part(recipe, resume, begin, quiet)


def _further(recipe: Recipe) -> str:
    """What to do where no process is left to say it."""
    if (recipe.out / "recipe.toml").is_file():
        return f"go on with: {resuming(recipe.out)}"
    return "it had not begun: nothing is kept"


def _take_part(recipe: Recipe, resume: bool, begin: Begin | None, quiet: bool) -> Outcome:
    with cpu_threads(recipe.train.threads), taken(recipe.train) as place:
        quiet = quiet or not place.writes
        found = place.group.first(lambda: found_in(recipe, place)) if resume else Found()
        if found.ended:
            outcome = Outcome(found.ended, found.last, found.message)
            if not quiet and outcome.kind == "done":
                print(found.message, flush=True)
            return outcome
        return _run(recipe, place, found, begin, quiet)


def _run(recipe: Recipe, place: Place, found: Found, begin: Begin | None, quiet: bool) -> Outcome:
    data = place.group.each(lambda: load(recipe.data))
    model = network(recipe, data)
    if begin and not found.state:
        begin(model)
    place.group.draw_apart(recipe.train.seed, 0)
    engine = Engine(model.to(place.device), data, recipe.data, recipe.train, place)
    folder = Folder(recipe.out) if place.writes else OthersFolder(recipe.out)
    described = report.described(recipe, data)
    draws_curves = recipe.train.tensorboard and place.writes
    if draws_curves:
        writer()
    if found.state:
        engine.load(found.state)
    else:
        folder.begin()
        report.begin(folder, recipe, described)
    report.environment(folder, recipe, place)
    curves = Curves(folder / "tensorboard", len(engine.results)) if draws_curves else None
    with (
        Log(folder, model, found.lengths, curves, place.group) as log,
        Display(engine, quiet=quiet) as display,
    ):
        for line in (*report.opening(recipe, model, place), *found.remarks):
            display.line(line)
        keeper = Keeper(folder, checkpoint.heading(recipe, data, place), log)
        keeper.begin(engine, resumed=found.state is not None)
        outcome = _to_the_end(engine, keeper, display)
        if outcome.kind != "interrupted":
            keeper.end(engine, outcome.kind, outcome.message)
            report.end(folder, recipe, engine, outcome)
    if outcome.kind == "done" and not quiet:
        print(report.closing(outcome, engine.seconds, recipe.out), flush=True)
    return outcome


def _to_the_end(engine: Engine, keeper: Keeper, display: Display) -> Outcome:
    """The epochs that are left, and the test part once."""
    try:
        with Stop(engine.group.largest) as stop:
            try:
                while not engine.done:
                    _epoch(engine, keeper, display, stop)
                tested = engine.test(stop.check) if engine.options.test else (None, None)
            except Interrupted as end:
                keeper.interrupted(engine, str(end))
                message = f"{end}: {keeper.place}; go on with: {keeper.command}"
                return Outcome("interrupted", engine.last, message, end.number)
    except Diverged as end:
        return Outcome("diverged", engine.last, f"{end}; {keeper.place}")
    return Outcome("done", engine.last, test_loss=tested[0], test_accuracy=tested[1])


def _epoch(engine: Engine, keeper: Keeper, display: Display, stop: Stop) -> None:
    """What is left of an epoch, its evaluation and what is written of it."""
    for images in engine.steps():
        display.step(images)
        keeper.step(engine)
        stop.check()
    engine.check()
    result = engine.finish(stop.check)
    keeper.epoch(engine)
    display.epoch(result)


def network(recipe: Recipe, data: Data) -> Network:
    """The network in single precision, its weights drawn from the recipe's seed.

    Raises RecipeError or SettingError for what only building shows: a depth that does not divide.
    """
    torch.manual_seed(recipe.train.seed)
    try:
        with single():
            return models.network(recipe.model, data.in_channels, data.classes)
    except TableError as wrong:
        raise recipe.source.error(wrong) from None
