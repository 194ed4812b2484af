"""`butcher train`: a recipe from a file, an exit code back."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from butcher.errors import SpecError, escaped
from butcher.models.setting import SettingError
from butcher.models.source import RecipeError
from butcher.training.data import DataError
from butcher.training.recipe import read_recipe
from butcher.training.run import run

DONE, WRONG, USAGE, UNREADABLE = 0, 1, 2, 3


def train(recipe: Path | str, settings: Sequence[str] = ()) -> int:
    """Train as the file `recipe` says, with `settings` (`train.epochs=3`) in its place.

    0: done. 1: the recipe or its scheme has errors, or the training diverged. 2: a setting is
    wrong. 3: a file, the data or a package is missing. What is wrong goes to standard error.
    """
    path = Path(recipe)
    try:
        outcome = run(read_recipe(path, settings))
    except (RecipeError, SpecError) as wrong:
        return _failed(str(wrong), WRONG)
    except SettingError as wrong:
        return _failed(str(wrong), USAGE)
    except DataError as wrong:
        return _failed(str(wrong), UNREADABLE)
    except BrokenPipeError:
        raise  # whoever read our lines has gone; the command line ends in silence
    except OSError as wrong:
        name = str(wrong.filename or path)
        message = f"{name}: {wrong.strerror or wrong}{_near(Path(name))}"
        return _failed(message, UNREADABLE)
    return _failed(outcome.message, WRONG) if outcome.kind == "diverged" else DONE


def _failed(message: str, code: int) -> int:
    print("\n".join(escaped(line) for line in message.splitlines()), file=sys.stderr)
    return code


def _near(path: Path) -> str:
    """`; did you mean ...?` where a file of nearly this name lies beside it."""
    if path.exists() or not path.parent.is_dir():
        return ""
    near = get_close_matches(path.name, [p.name for p in path.parent.iterdir()], n=1)
    return f"; did you mean {path.with_name(near[0])}?" if near else ""
