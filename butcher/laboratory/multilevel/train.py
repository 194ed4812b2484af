"""The runs of a multi-level experiment: cycle after cycle, and the full run beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from butcher.laboratory.multilevel.levels import Ladder
from butcher.laboratory.pool import Task, ended
from butcher.laboratory.study import StudyError, jobs_for, standing
from butcher.models import Network
from butcher.models.refine import interpolate
from butcher.training.recipe import Recipe
from butcher.training.result import EpochResult
from butcher.training.run import run
from butcher.training.stored import StoredRun


@dataclass(frozen=True)
class Track:
    """One way of training from one seed: the epochs of each cycle, of the full run one.

    trouble  why it did not get to its end; empty if it did.
    failed   whether that was no divergence, but something that may go away.
    """

    cycles: tuple[tuple[EpochResult, ...], ...]
    test_accuracy: float | None = None
    trouble: str = ""
    failed: bool = False

    @property
    def seconds(self) -> float:
        """Of training, all cycles together."""
        return sum(epochs[-1].seconds for epochs in self.cycles)

    @property
    def validation_accuracy(self) -> float | None:
        """Of the network at the end."""
        return self.cycles[-1][-1].validation_accuracy

    def points(self) -> list[tuple[float, EpochResult]]:
        """Of every epoch the seconds since the start, and what it gave."""
        found: list[tuple[float, EpochResult]] = []
        before = 0.0
        for epochs in self.cycles:
            found += [(before + epoch.seconds, epoch) for epoch in epochs]
            before += epochs[-1].seconds
        return found


@dataclass(frozen=True)
class Pair:
    """Both ways from one seed."""

    seed: int
    levels: Track
    full: Track

    @property
    def is_whole(self) -> bool:
        return not (self.levels.trouble or self.full.trouble)


def trained(
    ladder: Ladder,
    seeds: Sequence[int],
    folder: Path,
    *,
    jobs: int | None = None,
    fresh: bool = False,
    say: Callable[[str], None] = print,
) -> list[Pair]:
    """Train what is not finished yet, two tracks a seed, `jobs` of them at a time.

    Every cycle is a run folder of its own in `FOLDER/runs`. The same call again goes on where it
    was stopped, to the same numbers. Raises StudyError where a folder holds another recipe's run.
    """
    runs = folder / "runs"
    tracks = [track for seed in seeds for track in _tracks(ladder, seed, runs)]
    left = [track for track in tracks if standing(track[-1]) is None]
    if left and len(left) < len(tracks):
        say(f"{len(tracks) - len(left)} of {len(tracks)} trainings are done already")
    tasks = [Task(_train, (track, fresh)) for track in left]
    failed: dict[Path, str] = {}
    workers = jobs or jobs_for(track[-1] for track in tracks)
    for number, end in enumerate(ended(tasks, workers), start=1):
        track = left[end.place]
        if end.error is not None:
            failed[track[-1].out] = end.error
        say(f"[{len(tracks) - len(left) + number}/{len(tracks)}] {_said(track, end.error)}")
    return [
        Pair(seed, *(_read(track, failed) for track in _tracks(ladder, seed, runs)))
        for seed in seeds
    ]


def _tracks(ladder: Ladder, seed: int, folder: Path) -> tuple[list[Recipe], list[Recipe]]:
    """The recipes of both ways, one after the other."""
    return ladder.cycles(seed, folder), [ladder.full(seed, folder)]


def _train(track: Sequence[Recipe], fresh: bool) -> None:
    """Every cycle from the network of the one before it; ends early where one diverges.

    In a process of the pool.
    """
    before: StoredRun | None = None
    anew = False
    for recipe in track:
        found = standing(recipe)
        if anew and (recipe.out / "recipe.toml").exists():
            raise StudyError(
                f"{recipe.out} began from a run that is no longer there; remove it, and it is "
                "trained again"
            )
        if found is None:
            anew = True
            begin = partial(_go_on, before, fresh) if before else None
            run(recipe, resume=True, begin=begin, quiet=True)
            found = standing(recipe)
        if found is None or not _is_done(found):
            return
        before = found


def _go_on(before: StoredRun, fresh: bool, network: Network) -> None:
    interpolate(before.network(), network, fresh=fresh)


def _read(track: Sequence[Recipe], failed: dict[Path, str]) -> Track:
    cycles: list[tuple[EpochResult, ...]] = []
    found: StoredRun | None = None
    for recipe in track:
        found = standing(recipe)
        if found is None:
            why = failed.get(track[-1].out, "it has not ended")
            return Track(tuple(cycles), trouble=f"{recipe.out.name}: {why}", failed=True)
        if not _is_done(found):
            return Track(tuple(cycles), trouble=f"{recipe.out.name}: {_of(found, 'message')}")
        cycles.append(tuple(found.epochs))
    return Track(tuple(cycles), _of(found, "test_accuracy"))


def _is_done(run: StoredRun) -> bool:
    return bool(_of(run, "outcome") == "done")


def _of(run: StoredRun | None, key: str) -> Any:
    """What the summary says."""
    return None if run is None or run.summary is None else run.summary.get(key)


def _said(track: Sequence[Recipe], error: str | None) -> str:
    name = track[-1].out.name
    if error is not None:
        return f"{name}: {error}"
    found = _read(track, {})
    if found.trouble:
        return found.trouble
    accuracy = found.validation_accuracy
    words = "" if accuracy is None else f"validation {accuracy:.2%}, "
    return f"{name}: {words}{found.seconds:.0f} s"
