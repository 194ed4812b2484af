"""The grid of a sweep."""

from __future__ import annotations

import math
from collections.abc import Sequence

from butcher.laboratory.study import Cell, StudyError

KEYS = ("lr", "test")


def rates_of(given: Sequence[float], low: float, high: float, points: int) -> tuple[float, ...]:
    """The learning rates, rising: those given, or `points` from `low` to `high`, geometric.

    Those between are rounded to three digits. StudyError for what is no grid.
    """
    if given:
        rates = sorted(set(given))
    elif points < 2 or not 0 < low < high:
        raise StudyError(
            "the rates go from a --from above 0 up to a larger --to, 2 points at least"
        )
    else:
        steps = [(high / low) ** (i / (points - 1)) for i in range(points)]
        rates = [low, *(float(f"{low * s:.3g}") for s in steps[1:-1]), high]
    if rates[0] <= 0 or not math.isfinite(rates[-1]):
        raise StudyError("a learning rate is a finite number above 0")
    if len(rates) < 2:
        raise StudyError("a sweep is of two learning rates at least: --lr 0.1 --lr 0.2")
    return tuple(rates)


def cells(variants: Sequence[Cell], rates: Sequence[float]) -> list[list[Cell]]:
    """A row a variant, a cell a rate. The test part is not touched: a sweep chooses."""
    for variant in (cell.variant for cell in variants):
        if given := variant.gives(KEYS):
            raise StudyError(
                f"variant {variant.label!r} says {given}, which a sweep sets: leave it out"
            )
    return [[_cell(variant, rate) for rate in rates] for variant in variants]


def _cell(of: Cell, rate: float) -> Cell:
    settings = (*of.settings, f"train.lr={float(rate)!r}", "train.test=false")
    return Cell(of.variant, f"{of.name}-lr{rate:g}", settings)
