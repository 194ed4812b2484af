"""`landscape`: loss surfaces of several networks on shared axes, and the tables of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

from butcher.laboratory.findings import Findings
from butcher.laboratory.finished import with_fixed_steps
from butcher.laboratory.groups import Group
from butcher.laboratory.landscape.direction import direction
from butcher.laboratory.landscape.figure import figures
from butcher.laboratory.landscape.result import Plane, Result, largest, smallest
from butcher.laboratory.landscape.subject import State, Subject, training_images
from butcher.laboratory.landscape.surface import Labelled, surface
from butcher.laboratory.statistic import mean_of, paired
from butcher.laboratory.table import Cell, Table
from butcher.training.data import Data
from butcher.training.place import cpu_threads

IMAGES = 512
MEANING = (
    "Mean cross-entropy of training images, not augmented, at w + a d (and + b e); d and e are "
    "random, filter by filter as long as the weights w (Li et al. 2018, arXiv:1712.09913). Biases, "
    "normalisation and the numbers of the schemes stay. BatchNorm is in evaluation mode, with the "
    "running statistics that each network has: of untrained ones mean 0 and variance 1. "
    "Networks with equal weights share the random numbers of a seed."
)


def landscape(
    groups: Sequence[Group[Subject]],
    plane: Plane,
    *,
    images: int = IMAGES,
    only_untrained: bool = False,
    progress: Callable[[str], None] = lambda line: None,
) -> Findings:
    """The loss around networks, as drawn and, of runs, as trained."""
    data, chosen = training_images(groups[0].recipe, images)
    states: tuple[State, ...] = ("untrained",) if only_untrained else ("untrained", "trained")
    results = [
        _result(group, state, plane, data, chosen, progress)
        for state in states
        for group in groups
        if any(state in subject.states for subject in group.runs)
    ]
    return Findings(
        "landscape",
        "Loss around the weights",
        (_ranges(results, plane),),
        tuple(figures(results, plane)),
        raw=_raw(results, plane, len(chosen[1])),
        remarks=(MEANING, f"{len(chosen[1])} images."),
    )


def _result(
    group: Group[Subject],
    state: State,
    plane: Plane,
    data: Data,
    chosen: Labelled,
    progress: Callable[[str], None],
) -> Result:
    """The surfaces around the networks of a group; nobody has trained some."""
    asked = [subject for subject in group.runs if state in subject.states]
    seeds = tuple(subject.recipe.train.seed for subject in asked)
    surfaces = []
    for seed, subject in zip(seeds, asked, strict=True):
        network = subject.network(state, data)
        with_fixed_steps(group.label, network, "away from the weights steps may get ever shorter")
        drawn = torch.Generator().manual_seed(seed)
        directions = [direction(network, drawn) for _ in range(plane.dimensions)]
        count = _Count(f"{group.label}, seed {seed}, {state}", plane, progress)
        with cpu_threads(subject.recipe.train.threads):
            surfaces.append(tuple(surface(network, chosen, directions, plane.steps, count)))
    return Result(group.label, state, seeds, tuple(surfaces))


class _Count:
    """Says how many points of a surface are done."""

    def __init__(self, said: str, plane: Plane, progress: Callable[[str], None]) -> None:
        self.said, self.progress = said, progress
        self.done, self.all = 0, plane.points**plane.dimensions

    def __call__(self) -> None:
        self.done += 1
        self.progress(f"{self.said}: {self.done}/{self.all} points")


# --------------------------------------------------------------------------- table


def _ranges(results: Sequence[Result], plane: Plane) -> Table:
    rows: list[tuple[Cell, ...]] = []
    notes = [
        "Range: decimal logarithm of the largest loss over the smallest, on all points; intervals "
        "of 95 % over seeds, which draw weights and directions."
    ]
    first: dict[State, Result] = {}
    for result in results:
        reference = first.setdefault(result.state, result)
        is_other = reference is not result and reference.seeds == result.seeds
        against = paired(_decades(result), _decades(reference)) if is_other else None
        rows.append(
            (
                result.label,
                result.state,
                len(result.seeds),
                mean_of([each[plane.centre] for each in result.surfaces]),
                mean_of([math.log10(largest(each)) for each in result.surfaces]),
                mean_of(_decades(result)),
                against,
            )
        )
        if beyond := sum(not math.isfinite(v) for each in result.surfaces for v in each):
            notes.append(
                f"{result.label}, {result.state}: {beyond} points have no finite loss and are "
                "left out."
            )
    heads = ("network", "weights", "runs", "loss at w", "lg largest", "range (decades)")
    return Table(
        "Range of the loss",
        (*heads, f"less that of {results[0].label}"),
        tuple(rows),
        tuple(notes),
    )


def _decades(result: Result) -> list[float]:
    return [math.log10(largest(each) / smallest(each)) for each in result.surfaces]


def _raw(results: Sequence[Result], plane: Plane, images: int) -> dict[str, Any]:
    return {
        "steps": plane.steps,
        "dimensions": plane.dimensions,
        "images": images,
        "surfaces": [
            {
                "label": result.label,
                "weights": result.state,
                "seeds": result.seeds,
                "losses": result.surfaces,
            }
            for result in results
        ],
    }
