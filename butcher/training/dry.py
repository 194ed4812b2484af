"""`butcher train --dry-run`: what would be trained, and what it would cost."""

from __future__ import annotations

from collections.abc import Iterator

from butcher.compiler.report.table import aligned
from butcher.compiler.report.words import count
from butcher.models import Report
from butcher.models.description import describe_options
from butcher.models.family import Sample
from butcher.models.options import TableError
from butcher.training import toml
from butcher.training.data import DATASETS, Batches, Data, DataError, load
from butcher.training.recipe import Recipe

SINGLE = 4  # bytes of a number in single precision
BACKWARD = 2  # a backward pass costs as much as so many forward passes


def rehearsed(recipe: Recipe) -> str:
    """The whole recipe as TOML, the network's report, and the cost. Trains and writes nothing.

    RecipeError or SettingError, SpecError, OSError as of a run; data that are not here are said
    to be so.
    """
    data, missing = _data(recipe)
    known = DATASETS[recipe.data.name]
    sample = (
        Sample(data.in_channels, data.size, data.classes)
        if data
        else Sample(known.in_channels, known.size, recipe.data.classes or known.classes)
    )
    try:
        report = describe_options(recipe.model, sample, recipe.name)
    except TableError as wrong:
        raise recipe.source.error(wrong) from None
    lines = aligned([*_length(recipe, data, report, missing), *_memory(recipe, report)])
    cost = "".join(f"{line}\n" for line in ("Cost of the training", *lines))
    return "\n".join([toml.written(recipe.tables()), str(report), cost])


def _data(recipe: Recipe) -> tuple[Data | None, str]:
    try:
        return load(recipe.data), ""
    except DataError as wrong:
        return None, str(wrong)


def _length(
    recipe: Recipe, data: Data | None, report: Report, missing: str
) -> Iterator[tuple[str, str]]:
    if (devices := recipe.train.devices) > 1:
        share = f"{recipe.data.batch // devices:,} images of a step each"
        yield "devices", f"{devices} processes, {share}, {recipe.train.parallel}"
    if data is None:
        yield "length", f"not known: {missing}"
        return
    options, images = recipe.train, len(data.train)
    steps = len(Batches(data.train, recipe.data.batch, options.seed))
    held = f"{len(data.validation):,} for validation, {len(data.test):,} for the test"
    yield "images", f"{images:,} to train on, {held}"
    yield "steps", f"{options.epochs * steps:,}: {count(options.epochs, 'epoch')} of {steps:,}"
    yield "images in all", f"{options.epochs * images:,}"
    if report.flops is not None:
        flops = (1 + BACKWARD) * report.flops * images * options.epochs
        yield "flops", f"about {flops:.3g}, the backward pass counted as {BACKWARD} forward passes"


def _memory(recipe: Recipe, report: Report) -> Iterator[tuple[str, str]]:
    """Weights, gradients, what the optimizer keeps, the average, and saved maps of one part."""
    options = recipe.train
    kept = 2 if options.optimizer == "adamw" else int(options.momentum > 0)
    copies = 2 + kept + (options.average is not None)
    weights = SINGLE * copies * report.parameters
    if options.parallel == "fsdp":
        weights //= options.devices
    if report.saved_bytes is None:
        return
    part = -(-recipe.data.batch // (options.devices * options.accumulate))
    maps = part * report.saved_bytes
    yield (
        "memory",
        f"about {_size(weights + maps)}{' each' if options.devices > 1 else ''} in single "
        f"precision: weights, gradients and averages "
        f"{_size(weights)}, maps saved of {part:,} images {_size(maps)}",
    )


def _size(number: int) -> str:
    """Bytes, for people."""
    return f"{number / 2**20:,.4g} MiB" if number < 2**30 else f"{number / 2**30:,.4g} GiB"
