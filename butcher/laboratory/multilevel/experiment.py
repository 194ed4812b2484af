"""`butcher multilevel` from its arguments to what it found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from butcher.laboratory.findings import Findings
from butcher.laboratory.multilevel.levels import ladder
from butcher.laboratory.multilevel.tell import findings
from butcher.laboratory.multilevel.train import trained
from butcher.laboratory.study import Request
from butcher.models.family import Sample
from butcher.training.data import load
from butcher.training.recipe import read_recipe


def multilevel(
    asked: Request,
    cycles: int | None,
    epochs: Sequence[int],
    say: Callable[[str], None],
    *,
    fresh: bool = False,
) -> tuple[Findings, int]:
    """Both ways of training from every seed, what they cost and gave; and how many failed.

    The recipe is that of the full network. Raises what `ladder` and `trained` do, and DataError.
    """
    recipe = read_recipe(asked.recipe, asked.settings)
    data = load(recipe.data)
    sample = Sample(data.in_channels, data.size, data.classes)
    levels = ladder(recipe, sample, cycles=cycles, epochs=epochs, fresh=fresh)
    pairs = trained(levels, asked.seeds, asked.folder, jobs=asked.jobs, fresh=fresh, say=say)
    failed = sum(pair.levels.failed + pair.full.failed for pair in pairs)
    return findings(levels, pairs, {**asked.said(), "fresh": fresh}), failed
