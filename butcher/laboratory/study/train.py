"""The runs of a study, trained and read.

What is finished stays, what was begun goes on, so that the same command a second time trains what
is left.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from butcher.laboratory.pool import Task, ended, usable_cores
from butcher.laboratory.study.plan import Cell, Planned
from butcher.laboratory.study.variant import StudyError
from butcher.training.recipe import Recipe
from butcher.training.result import EpochResult
from butcher.training.resume import differences
from butcher.training.run import run
from butcher.training.stored import StoredRun, stored


@dataclass(frozen=True)
class Result:
    """What became of a run. A run that failed has no epochs; it can be tried again.

    test_accuracy  None where the test part was not touched.
    """

    cell: Cell
    seed: int
    outcome: Literal["done", "diverged", "failed"]
    epochs: tuple[EpochResult, ...] = ()
    test_accuracy: float | None = None
    message: str = ""

    @property
    def accuracy(self) -> float | None:
        """Of the validation part, after the last epoch; None of a run that did not get there."""
        return self.epochs[-1].validation_accuracy if self.outcome == "done" else None


def trained(
    planned: Sequence[Planned], jobs: int | None = None, say: Callable[[str], None] = print
) -> list[Result]:
    """Train what is not finished, `jobs` runs at a time, and read every run.

    `say` is told of each run that ends. What stops it, Ctrl-C too, leaves runs that go on when
    the same is asked again. Raises StudyError where a folder holds another recipe's run, RunError
    where it holds what is no run.
    """
    known = [_finished(one) for one in planned]
    left = [place for place, result in enumerate(known) if result is None]
    if left and len(left) < len(planned):
        say(f"{len(planned) - len(left)} of {len(planned)} runs are done already")
    begin = time.monotonic()
    tasks = [Task(_train, (planned[place].recipe,)) for place in left]
    workers = jobs or jobs_for(one.recipe for one in planned)
    for number, end in enumerate(ended(tasks, workers), start=1):
        place = left[end.place]
        known[place] = result = _ended(planned[place], end.error, end.trace)
        done = len(planned) - len(left) + number
        pace = (time.monotonic() - begin) / number * (len(left) - number)
        say(f"[{done:{len(str(len(planned)))}}/{len(planned)}] {_said(result)}{_time_left(pace)}")
    return [result for result in known if result is not None]


def jobs_for(recipes: Iterable[Recipe]) -> int:
    """As many runs as there are cores for their processes and threads; on GPUs one at a time."""
    options = [recipe.train for recipe in recipes]
    if torch.cuda.is_available() and any(each.device != "cpu" for each in options):
        return 1
    return max(1, usable_cores() // max((each.threads or 1) * each.devices for each in options))


def _train(recipe: Recipe) -> None:
    """A run, in a process of the pool."""
    try:
        run(recipe, resume=True, quiet=True)
    finally:
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def _ended(planned: Planned, error: str | None, trace: str) -> Result:
    """The run that a process has left; a failure's traceback is put beside it."""
    failure = planned.folder / "failure.txt"
    if error is None:
        failure.unlink(missing_ok=True)
        if (result := _finished(planned)) is not None:
            return result
        error = "it was interrupted"
    if trace:
        planned.folder.mkdir(parents=True, exist_ok=True)
        failure.write_text(trace, encoding="utf-8")
    return Result(planned.cell, planned.seed, "failed", message=error)


def _finished(planned: Planned) -> Result | None:
    """The run in the folder, None where it is not there or not finished."""
    found = standing(planned.recipe)
    if found is None:
        return None
    assert found.summary is not None
    return Result(
        planned.cell,
        planned.seed,
        "done" if found.summary["outcome"] == "done" else "diverged",
        tuple(found.epochs),
        found.summary.get("test_accuracy"),
        str(found.summary.get("message") or ""),
    )


def standing(recipe: Recipe) -> StoredRun | None:
    """The finished run in the recipe's folder; None where there is none.

    Raises StudyError where the folder holds another recipe's run.
    """
    if not (recipe.out / "recipe.toml").exists():
        return None
    found = stored(recipe.out)
    if found.digest != recipe.digest:
        different = differences(found.recipe.keys(), recipe.keys()) or "its scheme has changed"
        raise StudyError(
            f"{recipe.out} holds a run of another recipe: {different}; give another folder "
            "with -o, or remove this one"
        )
    return None if found.summary is None else found


# --------------------------------------------------------------------------- words


def _said(result: Result) -> str:
    name = f"{result.cell.name}, seed {result.seed}: "
    if result.outcome != "done":
        return name + (result.message or result.outcome)
    last = result.epochs[-1]
    test = "" if result.test_accuracy is None else f", test {result.test_accuracy:.2%}"
    return f"{name}validation {last.validation_accuracy:.2%}{test}, {last.seconds:.0f} s"


def _time_left(seconds: float) -> str:
    if seconds < 1:
        return ""
    minutes = round(seconds / 60)
    return f"; {seconds:.0f} s left" if seconds < 100 else f"; about {minutes} min left"
