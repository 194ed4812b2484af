"""What a report says of runs: results, curves, experiments, methods, networks, recipes, sources."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from butcher.compiler import Scheme, examine, load
from butcher.compiler.drawing import drawn
from butcher.emit.render import GraphvizError
from butcher.errors import SpecError
from butcher.figure.file import MatplotlibMissingError
from butcher.laboratory.groups import Group, groups
from butcher.laboratory.report.curves import curves
from butcher.laboratory.report.document import (
    Document,
    Heading,
    Listing,
    Paragraph,
    Part,
    Picture,
)
from butcher.laboratory.report.found import Found
from butcher.laboratory.statistic import mean_of
from butcher.laboratory.table import Cell, Table
from butcher.training.stored import StoredRun

Groups = Sequence[Group[StoredRun]]

LISTED = (
    ("recipe.toml", "The recipe, with every default; its seeds are {seeds}"),
    ("model.json", "The network"),
    ("environment.json", "Where it was computed"),
)
"""Files of a run's folder, and what a reader is told that they are."""


def contents(runs: Sequence[StoredRun], found: Sequence[Found] = ()) -> Document:
    """The page about these runs, and about experiments that were made with them.

    Raises GroupError where two runs are one, OSError for a file that a run's folder lacks,
    SpecError for a method in it that is none.
    """
    sorted_out = groups(runs)
    parts = [
        *_results(sorted_out),
        *(part for each in found for part in each.parts()),
        *_methods(sorted_out),
        *_networks(sorted_out),
        *_sources(sorted_out),
    ]
    return Document(_title(sorted_out, found), tuple(parts))


def _title(sorted_out: Groups, found: Sequence[Found]) -> str:
    if found:
        return found[0].title
    return "Training " + ", ".join(group.label for group in sorted_out)


# --------------------------------------------------------------------------- results


def _results(sorted_out: Groups) -> Iterator[Part]:
    yield Heading("Results")
    yield _table(sorted_out)
    try:
        svg = curves(sorted_out).content(".svg")
    except MatplotlibMissingError as missing:
        yield Paragraph(f"No curves: {missing}.")
    else:
        bands = " Bands are 95 % intervals over seeds." if _has_several(sorted_out) else ""
        yield Picture("curves", f"Training loss and validation accuracy by epoch.{bands}", svg)


def _table(sorted_out: Groups) -> Table:
    rows = [tuple(_row(group)) for group in sorted_out]
    heads = ("", "seeds", "parameters", "epochs", "validation (%)", "test (%)", "time (s)", "ended")
    notes = ["Accuracies are those after the last epoch; time is that of training."]
    if _has_several(sorted_out):
        notes.append("Mean and 95 % interval over seeds (Student's t).")
    else:
        notes.append("One run each: nothing is known of how much another seed would change.")
    return Table("Runs", heads, tuple(rows), tuple(notes))


def _row(group: Group[StoredRun]) -> Iterator[Cell]:
    done = [run for run in group.runs if run.summary and run.epochs]
    summaries = [run.summary or {} for run in done]
    tested = [s["test_accuracy"] for s in summaries if s.get("test_accuracy") is not None]
    validated = [a for run in done if (a := run.epochs[-1].validation_accuracy) is not None]
    yield group.label
    yield len(group.runs)
    yield next((int(s["parameters"]) for s in summaries if "parameters" in s), None)
    yield max((run.epochs[-1].epoch for run in group.runs if run.epochs), default=0)
    yield mean_of(validated).scaled(100)
    yield mean_of(tested).scaled(100)
    yield mean_of([run.epochs[-1].seconds for run in done])
    ends = [str((run.summary or {}).get("outcome", "not finished")) for run in group.runs]
    yield ", ".join(
        end if len(set(ends)) == 1 else f"{ends.count(end)} {end}" for end in dict.fromkeys(ends)
    )


def _has_several(sorted_out: Groups) -> bool:
    return any(len(group.runs) > 1 for group in sorted_out)


# --------------------------------------------------------------------------- methods


def _methods(sorted_out: Groups) -> Iterator[Part]:
    yield Heading("Methods")
    for scheme in _schemes(sorted_out):
        yield Heading(scheme.title or scheme.name, 3)
        _, _, proved = examine(scheme).summary.partition(": ")
        yield Paragraph(proved)
        try:
            svg = drawn(scheme, ".svg")
        except GraphvizError as problem:
            yield Paragraph(f"No diagram: {problem}")
        except SpecError as problem:
            yield Paragraph(f"No diagram: {problem.diagnostics[0].message}")
        else:
            yield Picture(f"wiring-{scheme.name}", f"The wiring of {scheme.name}.", svg)
        yield Listing(f"{scheme.name} as it was read", scheme.source.text)


def _schemes(sorted_out: Groups) -> list[Scheme]:
    """Each method once, as the runs' folders have it."""
    schemes = [load(group.runs[0].folder / "scheme.tab") for group in sorted_out]
    return list({scheme.digest: scheme for scheme in schemes}.values())


# --------------------------------------------------------------------------- networks, recipes


def _networks(sorted_out: Groups) -> Iterator[Part]:
    yield Heading("Networks and recipes")
    for group in sorted_out:
        run = group.runs[0]
        seeds = ", ".join(map(str, group.seeds))
        yield Heading(group.label, 3)
        for name, what in LISTED:
            text = (run.folder / name).read_text(encoding="utf-8")
            yield Listing(what.format(seeds=seeds), text)


# --------------------------------------------------------------------------- sources


def _sources(sorted_out: Groups) -> Iterator[Part]:
    yield Heading("Sources")
    cited = [f"{s.title or s.name}: {s.cite}" for s in _schemes(sorted_out) if s.cite]
    for group in sorted_out:
        model = json.loads((group.runs[0].folder / "model.json").read_text(encoding="utf-8"))
        cited.append(f"{model['title']}: {model['source']}")
    for line in dict.fromkeys(cited):
        yield Paragraph(line)
