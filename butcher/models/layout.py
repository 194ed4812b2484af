"""Widths, resolutions and numbers of blocks: the shape of every block of every stage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from butcher.models.blocks import Blocks
from butcher.models.family import Family
from butcher.models.model import ModelOptions
from butcher.models.options import Problem, TableError, shown
from butcher.models.shape import Place, Shape
from butcher.models.starts import Start

MOST_BLOCKS = 5_000
"""Each is a module with its own sub-nets; more would take minutes to build."""


def places(
    options: ModelOptions, blocks: Blocks, family: Family, start: Start, in_channels: int
) -> list[list[Place]]:
    """Where every block stands: the shapes of one value, where several share the channels.

    The first block of a stage, or what is before it, makes the stage's width of the width before,
    and takes the stage's stride.
    """
    planes = _planes(options)
    _check_growth(options)
    stem = in_channels if options.stem == "none" else options.stem_width or planes[0]
    inside = _share(stem, start, blocks)
    found: list[list[Place]] = []
    numbers = _numbers(options, len(planes), blocks, family)
    if sum(numbers) > MOST_BLOCKS:
        key = "model.blocks" if options.depth is None else "model.depth"
        message = f"makes {sum(numbers):,} blocks; a network has {MOST_BLOCKS:,} at most"
        raise TableError([Problem(key, message)])
    for stage, (width, number) in enumerate(zip(planes, numbers, strict=True)):
        if options.growth:
            made = list(_growing(options, blocks, inside, number, _stride(options, stage)))
        else:
            outside = _share(width * options.kind.widening, start, blocks)
            first = entry(blocks, Shape(inside, outside, _stride(options, stage)))
            made = [first, *[Place(Shape.same(outside))] * (number - 1)]
        found.append(made)
        inside = made[-1].outside
    return found


def entry(blocks: Blocks, shape: Shape) -> Place:
    """The first block of a stage."""
    if blocks.transition.before is None or not shape.changes:
        return Place(shape)
    before, rest = blocks.transition.split(shape)
    return Place(rest, before)


def _growing(
    options: ModelOptions, blocks: Blocks, inside: int, number: int, stride: int
) -> Iterator[Place]:
    """Every block adds channels; where places become fewer, those before it may become fewer, too.

    A transition that makes the whole change before the block leaves `compression` of the channels;
    with another one the first block adds its channels and takes the stride.
    """
    before = None
    if stride > 1 and _is_all_before(blocks):
        before = Shape(inside, max(1, int(inside * options.compression)), stride)
        inside = before.outside
    elif options.compression != 1 and not _is_all_before(blocks):
        message = f"{options.compression} is for channels between stages; write transition = "
        raise TableError([Problem("model.compression", message + '"neck", or leave it out')])
    for index in range(number):
        grown = Shape(inside + index * options.growth, inside + (index + 1) * options.growth)
        if index == 0 and before is None and stride > 1:
            yield entry(blocks, replace(grown, stride=stride))
        else:
            yield Place(grown, before if index == 0 else None)


def _is_all_before(blocks: Blocks) -> bool:
    """Whether the transition leaves nothing of a change to the block."""
    transition = blocks.transition
    return transition.before is not None and not transition.split(Shape(1, 2, 2))[1].changes


def _planes(options: ModelOptions) -> list[int]:
    if options.width is None:
        return options.widths
    first = options.widths[0]
    planes = [divmod(width * options.width, first) for width in options.widths]
    if any(rest for _, rest in planes):
        message = (
            f"widths {shown(options.widths)} in proportion are not whole; give widths, or a "
            f"multiple of {first}"
        )
        raise TableError([Problem("model.width", message)])
    return [width for width, _ in planes]


def _check_growth(options: ModelOptions) -> None:
    """Where every block adds channels, only the stem's width is left to be given."""
    if options.growth and len(set(options.widths)) > 1:
        same = [options.widths[0]] * len(options.widths)
        message = (
            f"{shown(options.widths)}, but with growth the stem's width is all there is to give; "
            f"write it for every stage, {shown(same)}"
        )
        raise TableError([Problem("model.widths", message)])


def _stride(options: ModelOptions, stage: int) -> int:
    vectors = options.kind.domain == "vector"
    if options.strides is None:
        return 1 if stage == 0 or vectors else 2
    if vectors and set(options.strides) != {1}:
        message = f"{shown(options.strides)}, but vectors have no places to leave out; write 1"
        raise TableError([Problem("model.strides", message)])
    if len(options.strides) != len(options.widths):
        message = f"give {len(options.widths)}, one for each stage"
        raise TableError([Problem("model.strides", message)])
    return options.strides[stage]


def _share(width: int, start: Start, blocks: Blocks) -> int:
    """The channels of one value."""
    try:
        return start.share(width, blocks)
    except ValueError as wrong:
        raise TableError([Problem("model.widths", str(wrong))]) from None


# --------------------------------------------------------------------------- how many blocks


def block_layers(blocks: Blocks, family: Family) -> int:
    """The layers that a block adds to the depth."""
    return blocks.path if family.along else blocks.layers


def _numbers(options: ModelOptions, stages: int, blocks: Blocks, family: Family) -> list[int]:
    """The blocks of each stage."""
    if isinstance(options.blocks, list):
        if len(options.blocks) != stages:
            message = f"give {stages} numbers, one for each of the widths, or one for all"
            raise TableError([Problem("model.blocks", message)])
        return list(options.blocks)
    if options.blocks is not None:
        return [options.blocks] * stages
    return [_divided(options, family, block_layers(blocks, family), stages)] * stages


def _divided(options: ModelOptions, family: Family, layers: int, stages: int) -> int:
    """How many blocks of `layers` layers, the same number in every stage, `depth` holds."""
    assert options.depth is not None
    number, rest = divmod((depth := options.depth) - family.other, layers * stages)
    if number >= 1 and rest == 0:
        return number
    if family.depths:
        known = ", ".join(map(str, family.depths))
        message = f"{depth} is none of the published depths, {known}; else give blocks"
        raise TableError([Problem("model.depth", message)])
    possible = sorted({max(n, 1) for n in (number, number + 1)})
    near = [n * layers * stages + family.other for n in possible]
    each = "" if stages == 1 else f" and there are {stages} stages"
    raise TableError(
        [
            Problem(
                "model.depth",
                f"{depth} layers are no whole number of blocks: one of {blocks_name(options)} "
                f"has {layers}{each}, stem and classifier {family.other}; "
                f"write {' or '.join(map(str, near))}",
            )
        ]
    )


def blocks_name(options: ModelOptions) -> str:
    """The scheme as a message names it."""
    return options.scheme if "\n" not in options.scheme else "this scheme"
