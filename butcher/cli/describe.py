"""`butcher describe`, and `butcher list --networks`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from butcher.cli.files import read_spec
from butcher.cli.refusals import refusals
from butcher.cli.streams import write_json, write_out
from butcher.models import TableError, read, shipped
from butcher.models.description import Report, describe_options
from butcher.models.family import FAMILIES, Sample
from butcher.models.model import ModelOptions
from butcher.models.options import Problem, checked, shown, suggestion
from butcher.models.setting import Setting, apply, settings_of
from butcher.models.source import RecipeSource, source_of, table_of
from butcher.training.data import DATASETS, DataOptions

KEYS = {"model": list(ModelOptions.model_fields), "data": ["name", "classes"]}
"""What `--set` may change: other tables say nothing about the network."""


def describe(model: str, settings: Sequence[str], *, as_json: bool, **given: int | None) -> None:
    """`butcher describe`; `given` is of a Sample, None what the file or the family says."""
    with refusals(model):
        report = _report(model, settings, given)
    if as_json:
        write_json(report.as_json())
    else:
        write_out(None, str(report).encode())


def _report(model: str, settings: Sequence[str], given: Mapping[str, int | None]) -> Report:
    """Raises RecipeError, SpecError or CannotRunError for the file, SettingError for a setting."""
    source = _source(model)
    tables = source.tables()
    source = replace(source, settings=tuple(settings_of(settings, KEYS)))
    try:
        options, sample = _options(tables, source.settings)
        name = model if model == "-" else source.path.stem
        return describe_options(options, sample.changed(**given), name)
    except TableError as wrong:
        raise source.error(wrong) from None


def list_networks(*, as_json: bool) -> None:
    """`butcher list --networks`."""
    entries = shipped.catalogue()
    if as_json:
        write_json(entries)
        return
    name = max(len(entry["name"]) for entry in entries)
    family = max(len(entry["family"]) for entry in entries)
    lines = (f"{e['name']:{name}}  {e['family']:{family}}  {e['title']}\n" for e in entries)
    write_out(None, "".join(lines).encode())


# --------------------------------------------------------------------------- reading


def _source(model: str) -> RecipeSource:
    """The text of a path, a shipped name, or `-`."""
    path = Path("-") if model == "-" else Path(str(shipped.find(model)))
    return source_of(read_spec(model, shipped.find), path)


def _options(tables: Mapping[str, Any], settings: Sequence[Setting]) -> tuple[ModelOptions, Sample]:
    """The `[model]` table with the settings, and the data it is for; other tables are left alone.

    The data are those that `[data]` names, in a recipe without a name the digits; a file without
    `[data]` has the data of the family's paper.
    """
    if "model" not in tables:
        raise TableError([Problem("model", "is missing: write [model] and its keys")])
    sections = {name: table_of(tables, name) for name in KEYS}
    apply(sections, settings)
    options = read(sections["model"])
    if "data" in tables or sections["data"]:
        return options, _sample(sections["data"])
    return options, FAMILIES[options.family].sample


def _sample(table: Mapping[str, Any]) -> Sample:
    """What the data set of `[data]` gives; where its files are is not asked."""
    name = table.get("name", "digits")
    if not isinstance(name, str) or name not in DATASETS:
        message = f"{shown(name)} is not known{suggestion(name, DATASETS)}"
        raise TableError([Problem("data.name", message)])
    known, classes = DATASETS[name], None
    if "classes" in table:
        classes = checked(DataOptions, {"name": name, "classes": table["classes"]}, "data").classes
    return Sample(known.in_channels, known.size, classes or known.classes)
