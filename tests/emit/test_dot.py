"""The diagrams as text, read back by Graphviz."""

import os
import subprocess
import sys
from functools import cache

import pytest
from emit.drawings import NAMES, Attributes, Drawing, graph, read, text
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from butcher.emit.dot import DEAD, ESTIMATE, dot, quoted

COEFFICIENTS = {"identity", "positive", "negative", "symbolic"}


class DotFile(SingleFileSnapshotExtension):
    file_extension = "dot"
    _write_mode = WriteMode.TEXT


@pytest.mark.parametrize("name", ["fractal3", "lm_resnet", "revnet", "rk4", "verner89"])
def test_golden_text(name: str, snapshot: SnapshotAssertion) -> None:
    _, body = text(name).split("\n", 1)  # the first line tells the version
    assert body == snapshot(extension_class=DotFile)


@cache
def drawing(name: str) -> Drawing:
    return read(text(name))


def labels(name: str) -> dict[tuple[str, str], str]:
    return {(tail, head): a.get("label", "") for tail, head, a in drawing(name).edges}


def carries_a_coefficient(edge: Attributes) -> bool:
    return bool(COEFFICIENTS & set(edge["class"].split()))


@pytest.mark.parametrize("name", NAMES)
def test_every_coefficient_has_its_wire_and_there_is_no_other(name: str) -> None:
    method = graph(name)
    found = [
        (tail, head, edge["tooltip"])
        for tail, head, edge in drawing(name).edges
        if carries_a_coefficient(edge)
    ]
    expected = []
    for row in method.rows:
        readers = [e.key for e in method.evaluations if e.argument == row.key]
        for head in [row.key] if row.key in drawing(name).nodes else readers:
            for term in row.terms:
                said = f"{row.key}: {term.coefficient} times {term.source}"
                expected.append((term.source, head, said))
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("name", NAMES)
def test_every_other_wire_takes_a_row_to_a_stage_or_an_output_to_its_state(name: str) -> None:
    method = graph(name)
    others = [
        (tail, head) for tail, head, edge in drawing(name).edges if not carries_a_coefficient(edge)
    ]
    boxes = drawing(name).nodes
    arguments = [(e.argument, e.key) for e in method.evaluations if e.argument in boxes]
    kept = [
        (output, f"next {state.key}")
        for state, output in zip(method.states, method.outputs, strict=True)
        if output not in method.row
    ]
    assert sorted(others) == sorted(arguments + kept)


@pytest.mark.parametrize("name", NAMES)
def test_every_box_has_a_label_and_a_place(name: str) -> None:
    method, boxes = graph(name), drawing(name).nodes
    assert {*method.state, *method.evaluation} <= boxes.keys()
    assert all(box["label"] and box["pos"] for box in boxes.values())


def test_a_tableau_shows_its_cells_with_h_in_the_boxes() -> None:
    assert {wire: label for wire, label in labels("rk4").items() if wire[0] != "u[n]"} == {
        ("k1", "k2"): "1/2",
        ("k2", "k3"): "1/2",
        ("k3", "k4"): "1",
        ("k1", "u[n+1]"): "1/6",
        ("k2", "u[n+1]"): "1/3",
        ("k3", "u[n+1]"): "1/3",
        ("k4", "u[n+1]"): "1/6",
    }
    assert drawing("rk4").nodes["k3"]["label"] == "k3\\nh·f[2]\\nc = 1/2"


def test_where_a_stage_is_kept_h_stays_on_the_wires() -> None:
    assert labels("ab2_step")["k", "u[n+1]"] == "3/2·h"
    assert labels("ab2_step")["k[n-1]", "u[n+1]"] == "-1/2·h"


def test_a_power_of_h_stands_in_the_box() -> None:
    assert "h^2·f" in drawing("second_order").nodes["k1"]["label"]


def test_one_set_of_weights_has_one_name() -> None:
    stages = drawing("polynet_poly2").having("stage").values()
    assert [stage["label"].split("\\n")[1] for stage in stages] == ["h·f", "h·f"]


def test_linear_slots_say_so() -> None:
    assert "join1 (linear)" in text("fractal3")


def test_steps_of_their_own_are_told_in_the_title_not_on_the_wires() -> None:
    assert "every row its own h" in drawing("verner89_per_stage").label
    assert labels("verner89_per_stage") == labels("verner89")


def test_sweeps_are_told_in_the_title() -> None:
    assert drawing("gauss4").label == "Gauss-Legendre, two stages · 4 Picard sweeps"


def test_what_no_output_reads_is_dashed_and_grey() -> None:
    dead = drawing("verner89").having("dead")
    assert list(dead) == ["k15", "k16"]
    assert {(box["style"], box["color"]) for box in dead.values()} == {("dashed", DEAD)}
    into = [edge for _, head, edge in drawing("verner89").edges if head in dead]
    assert {edge["color"] for edge in into} == {DEAD}
    assert all("dead" in edge["class"] for edge in into)


def test_the_estimate_has_a_style_of_its_own() -> None:
    ((key, estimate),) = drawing("verner89").having("estimate").items()
    assert estimate["label"].endswith("embedded")
    assert (estimate["style"], estimate["color"]) == ("rounded,dotted", ESTIMATE)
    edges = drawing("verner89").edges
    assert all((edge["color"] == ESTIMATE) == (head == key) for _, head, edge in edges)


@pytest.mark.parametrize("name", ["verner89", "second_order", "am3", "dopri54"])
def test_negative_coefficients_are_dashed_and_no_others(name: str) -> None:
    for _, _, edge in drawing(name).edges:
        negative = edge.get("label", "").lstrip("≈").startswith("-")
        assert (edge.get("style") == "dashed") == negative


def test_what_is_trained_or_drawn_has_a_colour_of_its_own() -> None:
    assert drawing("lm_resnet").edge("u[n-1]", "u[n+1]")["class"] == "symbolic"
    assert drawing("lm_resnet").edge("u[n]", "u[n+1]")["label"] == "1-k"


def test_a_new_state_that_a_stage_reads_is_one_box() -> None:
    assert drawing("revnet").nodes["x[n+1]"]["class"] == "output"
    assert drawing("revnet").edge("x[n+1]", "k2")["class"] == "argument"


HOSTILE = [
    '"]; evil [label="x"]; "',
    "\\",
    '\\"]; evil; "',
    "\\N \\G \\L",
    "a &lt;b&gt; & c",
    "<b>bold</b>",
    "]]> --> */ // #",
    "two\nlines",
    "\x1b[31m\u202e\x00",
]


@pytest.mark.parametrize("title", HOSTILE)
def test_a_title_stays_a_title(title: str) -> None:
    found = read(dot(graph("euler"), title, digest=title))
    assert found.nodes.keys() == {"u[n]", "k1", "u[n+1]"}
    assert len(found.edges) == 3
    assert found.label == quoted(title)[1:-1].replace('\\"', '"')


def test_control_and_direction_characters_are_shown_escaped() -> None:
    assert quoted("\x1b\u202e") == '"\\\\x1b\\\\u202e"'


def test_a_long_title_is_cut() -> None:
    assert "x" * 99 + "…" in dot(graph("euler"), "x" * 5000)


def test_the_first_line_tells_version_and_digest() -> None:
    first, _ = dot(graph("euler"), "Euler", digest="0123abcd").split("\n", 1)
    assert first.startswith("// Wiring diagram by butcher ")
    assert first.endswith(", digest 0123abcd")


def test_the_text_does_not_depend_on_the_order_of_hashes() -> None:
    code = (
        "import butcher\nfrom butcher.emit.dot import dot\nfrom butcher.ir.lower import lower\n"
        "print(dot(lower(butcher.load('verner89')), ''))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in "123"
    }
    assert len(texts) == 1
