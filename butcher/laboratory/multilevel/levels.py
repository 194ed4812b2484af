"""The levels of a recipe: its network, and those with a half, a quarter, ... of its blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from pathlib import Path

import torch

from butcher.compiler import resolve
from butcher.ir.graph import Graph
from butcher.laboratory.multilevel.theory import equal_parts, parts
from butcher.laboratory.study import StudyError
from butcher.models import Network, TableError, parameters
from butcher.models.build import network, plan
from butcher.models.description import describe_options
from butcher.models.family import Sample
from butcher.models.model import ModelOptions
from butcher.models.refine import RefineError, check, check_step
from butcher.training.options import TrainOptions
from butcher.training.recipe import Recipe

CYCLES = 3
"""Where neither the recipe nor the command line says how many: as Chang et al."""

APART = 1_000_000
"""Between the seeds of two cycles: each draws its own order of the images and its own crops."""


@dataclass(frozen=True)
class Level:
    """One cycle: the blocks of each stage, their step, and for how long they are trained.

    flops  of one image in evaluation; None where the data decides how much is computed.
    """

    blocks: tuple[int, ...]
    h: float
    epochs: int
    parameters: int
    flops: int | None


@dataclass(frozen=True)
class Ladder:
    """A recipe, the full run, and its levels, the coarsest first; the last has its network."""

    recipe: Recipe
    levels: tuple[Level, ...]

    def full(self, seed: int, folder: Path) -> Recipe:
        """The recipe of the full run: all epochs, restarted where the levels begin."""
        restarts = list(accumulate(level.epochs for level in self.levels))
        cosine = self.recipe.train.schedule == "cosine"
        return self._of(
            self.levels[-1],
            seed,
            folder / f"full-s{seed}",
            epochs=restarts[-1],
            restarts=tuple(restarts[:-1]) if cosine else (),
        )

    def cycles(self, seed: int, folder: Path) -> list[Recipe]:
        """The recipe of every cycle: the test part is touched after the last alone."""
        last = len(self.levels) - 1
        return [
            self._of(
                level,
                seed + APART * number,
                folder / f"level{number + 1}-s{seed}",
                epochs=level.epochs,
                restarts=(),
                warmup=self.recipe.train.warmup if number == 0 else 0.0,
                test=self.recipe.train.test and number == last,
            )
            for number, level in enumerate(self.levels)
        ]

    def _of(self, level: Level, seed: int, out: Path, **train: object) -> Recipe:
        options = self.recipe.train.model_dump() | {"seed": seed, "out": str(out), **train}
        if options["threads"] is None:
            options["threads"] = 1
        return replace(
            self.recipe,
            model=_model(self.recipe, level.blocks, level.h),
            train=TrainOptions.model_validate(options),
        )


def ladder(
    recipe: Recipe,
    sample: Sample,
    *,
    cycles: int | None = None,
    epochs: Sequence[int] = (),
    fresh: bool = False,
) -> Ladder:
    """The levels of `recipe`, which is that of the full network.

    sample  what the data holds.
    epochs  of each cycle; of none the parts between the recipe's restarts, else equal ones.
    fresh   blocks that have none of their kind to copy begin with start values of their own.

    Raises StudyError, RecipeError or SettingError, and SpecError for the scheme.
    """
    lengths = _lengths(recipe.train, cycles, epochs)
    try:
        return Ladder(recipe, tuple(_levels(recipe, sample, lengths, fresh=fresh)))
    except TableError as wrong:
        raise recipe.source.error(wrong) from None


def _levels(
    recipe: Recipe, sample: Sample, lengths: Sequence[int], *, fresh: bool
) -> Iterator[Level]:
    """The coarsest first; every network is built, without numbers, before one is trained."""
    stack = plan(recipe.model, sample.in_channels, sample.classes)
    blocks = [len(places) for places in stack.stages]
    step = _step(recipe)
    _check_scheme(recipe, sample, stack.blocks.graph)
    _check_divides(blocks, len(lengths))
    networks = []
    for number, length in enumerate(lengths):
        factor = 2 ** (len(lengths) - 1 - number)
        own, h = tuple(each // factor for each in blocks), step * factor
        model = _model(recipe, own, h)
        made = _without_numbers(model, sample)
        flops = describe_options(model, sample).flops
        networks.append(made)
        yield Level(own, h, length, parameters(made), flops)
    _check_interpolates(networks, fresh=fresh)


def _lengths(train: TrainOptions, cycles: int | None, epochs: Sequence[int]) -> tuple[int, ...]:
    """The epochs of each cycle."""
    if train.schedule == "step":
        raise StudyError(
            'every cycle begins again at the full learning rate, and schedule = "step" has '
            "milestones of one long run; write --set train.schedule=cosine"
        )
    found = tuple(epochs) or parts(train.epochs, train.restarts)
    if cycles is None:
        cycles = len(found) if epochs or train.restarts else CYCLES
    if not epochs and not train.restarts:
        found = equal_parts(train.epochs, cycles)
    if len(found) != cycles:
        whose = "given" if epochs else "of the recipe, between its restarts"
        raise StudyError(
            f"{cycles} cycles, but {len(found)} lengths {whose}: {_dashed(found)}; give --cycles "
            f"{len(found)} or {cycles} numbers of --epochs"
        )
    if cycles < 2:
        raise StudyError("one cycle is the full run; give --cycles 2 or more")
    if epochs and min(epochs) < 1:
        raise StudyError(f"{_dashed(epochs)} epochs: a cycle has 1 or more; mend --epochs")
    if min(found) < 1:
        have = "1 epoch" if train.epochs == 1 else f"{train.epochs} epochs"
        raise StudyError(f"{have} cannot be {cycles} cycles; write --set epochs={cycles} or more")
    return found


def _without_numbers(model: ModelOptions, sample: Sample) -> Network:
    with torch.device("meta"):
        return network(model, sample.in_channels, sample.classes)


def _check_scheme(recipe: Recipe, sample: Sample, graph: Graph) -> None:
    """Two blocks of half the step do what one did."""
    if graph.linear:
        maps = ", ".join(sorted(graph.linear))
        raise StudyError(
            f"{recipe.model.scheme} maps its state by {maps} in every block: twice the blocks are "
            "another network whatever their step; take another scheme"
        )
    try:
        for block in _without_numbers(recipe.model, sample).blocks:
            check_step(block)
    except RefineError as wrong:
        raise StudyError(str(wrong)) from None


def _check_divides(blocks: Sequence[int], cycles: int) -> None:
    factor = 2 ** (cycles - 1)
    if any(number % factor for number in blocks):
        near = [max(factor, round(number / factor) * factor) for number in blocks]
        raise StudyError(
            f"{_dashed(blocks)} blocks cannot be halved {cycles - 1} times, as {cycles} cycles "
            f"want; write --set 'blocks={near}', or fewer --cycles"
        )


def _check_interpolates(networks: Sequence[Network], *, fresh: bool) -> None:
    try:
        for coarse, fine in pairwise(networks):
            check(coarse, fine, fresh=fresh)
    except RefineError as wrong:
        raise StudyError(str(wrong)) from None


def _model(recipe: Recipe, blocks: Sequence[int], h: float) -> ModelOptions:
    return recipe.model.model_copy(update={"depth": None, "blocks": list(blocks), "h": h})


def _step(recipe: Recipe) -> float:
    """The step of the full network, where a learned one starts."""
    if recipe.model.h is not None:
        return recipe.model.h
    symbols = resolve(recipe.model.scheme).symbols
    return next((float(s.start) for s in symbols if s.name == "h"), 1.0)


def _dashed(numbers: Sequence[int]) -> str:
    return "-".join(map(str, numbers))
