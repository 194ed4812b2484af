"""Which depths a variant can have, and which of its networks is the equal of another's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from butcher.laboratory.study.plan import Cell, Request, read_in, refused
from butcher.laboratory.study.variant import StudyError, Variant
from butcher.models import TableError
from butcher.models.build import plan
from butcher.models.family import FAMILIES
from butcher.training.recipe import Recipe

SMALLEST = 0.8
"""Of the layers that are asked for; a network with fewer is no equal."""


@dataclass(frozen=True)
class Place:
    """A cell, and the depth at which it stands beside others; None where its recipe gives one."""

    cell: Cell
    depth: int | None


def places(request: Request, depths: Sequence[int]) -> tuple[list[Place], list[str]]:
    """Every variant at every depth, or at the recipe's own; and what is not as was asked.

    Where a depth is no whole number of a variant's blocks, the next one below is taken that is; a
    variant whose network would be much smaller is left out there.
    """
    _check(request.variants, depths)
    found: list[Place] = []
    remarks: list[str] = []
    for depth in depths or (None,):
        for variant in request.variants:
            given = () if depth is None else (f"model.depth={depth}",)
            cell = _cell(variant, depth, (*variant.settings, *given))
            read = read_in(request.recipe, (*request.settings, *cell.settings), cell)
            if read.model.depth is None or variant.gives(("depth",)):
                found.append(Place(cell, depth))
                continue
            made, remark = possible_depth(read, cell)
            if remark:
                remarks.append(remark)
            if made is not None:
                own = _cell(variant, depth and made, (*variant.settings, f"model.depth={made}"))
                found.append(Place(own, depth))
    if not found:
        raise StudyError(" ".join(remarks))
    return found, remarks


def _check(variants: Sequence[Variant], depths: Sequence[int]) -> None:
    for variant in variants if depths else ():
        if given := variant.gives(("depth", "blocks")):
            raise StudyError(
                f"variant {variant.label!r} says {given}, and --depth is given, too: leave one out"
            )


def _cell(variant: Variant, depth: int | None, settings: tuple[str, ...]) -> Cell:
    return Cell(variant, variant.slug if depth is None else f"{variant.slug}-d{depth}", settings)


def possible_depth(recipe: Recipe, cell: Cell) -> tuple[int | None, str]:
    """The recipe's depth or, where it is no whole number of blocks, the next one below that is.

    None where that is much smaller. What is not as asked is said, too. In layers, as the paper of
    the family counts. Raises what `refused` gives for a scheme that cannot be stacked.
    """
    options, asked = recipe.model, recipe.model.depth
    assert asked is not None
    family = FAMILIES[options.family]
    one_each = options.model_copy(update={"depth": None, "blocks": 1})
    try:
        layers = plan(one_each, family.sample.in_channels, family.sample.classes).layers
    except TableError as wrong:
        raise refused(recipe, wrong, cell) from None
    step = layers - family.other  # a block in every stage
    number = (asked - family.other) // step
    made, label = number * step + family.other, cell.variant.label
    if made == asked:
        return asked, ""
    if number < 1 or number * step < SMALLEST * (asked - family.other):
        lowest = max(number, 1) * step + family.other
        near = f"{lowest} and {lowest + step}" if number >= 1 else f"{lowest}"
        return None, (
            f"{label} is left out at depth {asked}: the nearest it can have is {near}, "
            "no equal of the others."
        )
    return made, (
        f"{label} has {made} layers where the others have {asked}: its blocks have {step}."
    )
