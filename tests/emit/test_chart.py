"""Schedules as pictures: every map has its line, thick where it is carried."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from functools import cache

import pytest
from emit.drawings import NAMES, Attributes, Drawing, graph, read, redrawn
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

import butcher
from butcher.analysis.network.carried import Cover, covers
from butcher.compiler.sweeps import straightened
from butcher.emit.chart import chart
from butcher.emit.dot_text import quoted
from butcher.emit.lifelines import Lifelines, lifelines
from butcher.ir.graph import Graph
from butcher.passes.schedule import Add, Drop, Join, Step, schedule


class DotFile(SingleFileSnapshotExtension):
    file_extension = "dot"
    _write_mode = WriteMode.TEXT


WITH_BLOCKS = [name for name in NAMES if graph(name).sweeps is not None or graph(name).is_explicit]


@cache
def block(name: str) -> tuple[Graph, tuple[Step, ...], tuple[Cover, ...]]:
    straight = straightened(graph(name))
    return straight, schedule(straight), covers(straight)


@cache
def text(name: str) -> str:
    return chart(*block(name), butcher.load(name).title or name)


@cache
def drawing(name: str) -> Drawing:
    return read(text(name))


@cache
def lives(name: str) -> Lifelines:
    return lifelines(*block(name))


def edges(name: str, kind: str) -> list[Attributes]:
    return [a for _, _, a in drawing(name).edges if kind in a["class"].split()]


@pytest.mark.parametrize("name", ["lm_resnet", "revnet", "rk4", "verner89"])
def test_golden_chart(name: str, snapshot: SnapshotAssertion) -> None:
    _, body = text(name).split("\n", 1)  # the first line tells the version
    assert body == snapshot(extension_class=DotFile)


@pytest.mark.parametrize("name", WITH_BLOCKS)
def test_a_line_is_thick_where_the_cover_has_its_map(name: str) -> None:
    _, _, found = block(name)
    assert len(edges(name, "carried")) == sum(map(len, found))
    counts = {cover.evaluation: str(len(cover)) for cover in found}
    shown = {key: drawing(name).nodes[f"count {key}"]["label"] for key in counts}
    assert shown == counts


@pytest.mark.parametrize("name", WITH_BLOCKS)
def test_every_addition_and_every_end_is_drawn(name: str) -> None:
    _, steps, _ = block(name)
    terms = sum(len(step.terms) for step in steps if isinstance(step, Add))
    # a row goes on from its own sum; that, or one value, and the other sums are added
    joined = sum(
        part.is_value or part.key != step.row.key
        for step in steps
        if isinstance(step, Join)
        for part in step.sums
    )
    assert len(edges(name, "added")) == terms + joined
    kept = {line.key for line in lives(name).lines}
    dropped = [key for step in steps if isinstance(step, Drop) for key in step.keys if key in kept]
    assert len(edges(name, "dropped")) == len(dropped)


@pytest.mark.parametrize("name", WITH_BLOCKS)
def test_a_map_is_there_whenever_something_is_done_with_it(name: str) -> None:
    found = lives(name)

    def is_there(key: str, at: float) -> bool:
        return any(e.line.key == key and e.begin <= at <= e.end for e in found.lives)

    for one in found.added:
        assert is_there(one.source.key, one.at)
        assert is_there(one.sum.key, one.at)
    for column in found.columns:
        for line in (column.argument, *column.carried):
            assert is_there(line.key, column.begin)
            assert is_there(line.key, column.end)


@pytest.mark.parametrize("name", WITH_BLOCKS)
def test_every_schedule_becomes_a_picture_with_its_names(name: str) -> None:
    picture = ET.fromstring(redrawn(text(name), "svg"))
    shown = {"".join(e.itertext()) for e in picture.iter() if e.tag.endswith("text")}
    assert {line.label for line in lives(name).lines} <= shown
    assert {cover.evaluation for cover in block(name)[2]} <= shown


def test_what_is_handed_on_has_an_arrow_and_its_next_name() -> None:
    assert drawing("lm_resnet").nodes["next u[n]"]["label"] == "next u[n-1]"
    assert drawing("lm_resnet").nodes["next u[n+1]"]["label"] == "next u[n]"
    assert len(edges("lm_resnet", "returned")) == 2


def test_a_sum_that_is_multiplied_in_the_end_has_a_name_of_its_own() -> None:
    assert drawing("verner89_learned").nodes["u[n+1]/1"]["label"] == "d u[n+1]"


def test_the_title_says_how_many_maps_are_carried() -> None:
    assert drawing("verner89").label == "Verner 8(9) · carries 5 maps at most"
    assert drawing("euler").label.endswith("carries 1 map at most")


@pytest.mark.parametrize("title", ['"]; evil; "', "\\N \\G", "a &lt;b&gt;", "two\nlines"])
def test_a_title_stays_a_title(title: str) -> None:
    found = read(chart(*block("euler"), title, digest=title))
    assert "evil" not in found.nodes
    said = quoted(f"{title} · carries 1 map at most")
    assert found.label == said[1:-1].replace('\\"', '"')


def test_the_chart_does_not_depend_on_the_order_of_hashes() -> None:
    code = (
        "import butcher\nfrom butcher.compiler.drawing import schedule_drawn\n"
        "print(schedule_drawn(butcher.load('verner89'), '.dot').decode())"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in "12"
    }
    assert len(texts) == 1
