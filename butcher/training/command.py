"""`butcher train`: a recipe from a file, an exit code back."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from butcher.training.dry import rehearsed
from butcher.training.folder import RunError
from butcher.training.nearby import nearby
from butcher.training.recipe import Recipe, read_recipe
from butcher.training.refusals import CODES, DONE, UNREADABLE, WRONG, code_of, said
from butcher.training.run import run

SIGNALLED = 128
"""And the signal's number: what a shell makes of a program that a signal ended."""


def train(
    recipe: Path | str,
    settings: Sequence[str] = (),
    *,
    resume: bool = False,
    dry_run: bool = False,
    quiet: bool = False,
) -> int:
    """Train as the file `recipe` says, with `settings` (`train.epochs=3`) in its place.

    `recipe` may be the folder of a run to resume. 0: done. 1: the recipe or its scheme has
    errors, or the training diverged. 2: a setting is wrong, or another recipe's run would be
    resumed. 3: a file, the data or a package is missing. 130, 143: interrupted, and kept. What is
    wrong goes to standard error.
    """
    path = Path(recipe)
    try:
        chosen = _recipe(path, settings, resume=resume)
        if dry_run:
            print(rehearsed(chosen), end="", flush=True)
            return DONE
        outcome = run(chosen, resume=resume, quiet=quiet)
    except tuple(CODES) as wrong:
        return _failed(str(wrong), code_of(wrong))
    except BrokenPipeError:
        raise  # whoever read our lines has gone; the command line ends in silence
    except OSError as wrong:
        name = str(wrong.filename or path)
        meant = "" if Path(name).exists() else nearby(Path(name))
        return _failed(f"{name}: {wrong.strerror or wrong}{meant}", UNREADABLE)
    if outcome.signal is not None:
        return _failed(outcome.message, SIGNALLED + outcome.signal)
    return _failed(outcome.message, WRONG) if outcome.kind == "diverged" else DONE


def _recipe(path: Path, settings: Sequence[str], *, resume: bool) -> Recipe:
    """The recipe of a file, or of a run to resume."""
    inside = path / "recipe.toml"
    if not inside.is_file():
        return read_recipe(path, settings)
    if not resume:
        raise RunError(f"{path}: is the folder of a run; add --resume, or write {inside}")
    recipe = read_recipe(inside, settings)
    return replace(recipe, train=recipe.train.model_copy(update={"out": str(path)}))


def _failed(message: str, code: int) -> int:
    """Say what is wrong; of the processes of a run that share a host, the first one does."""
    if os.environ.get("LOCAL_RANK", "0") != "0":
        return code
    print(said(message), file=sys.stderr)
    return code
