"""Pictures, with whatever Graphviz there is, and the errors where there is none."""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from emit.drawings import NAMES, graph, read, redrawn, text

from butcher.emit import render as module
from butcher.emit.dot import dot
from butcher.emit.render import GraphvizError, UnknownFormatError, draw, render, suffix_of

BEGINNINGS = {".svg": b"<?xml", ".pdf": b"%PDF", ".png": b"\x89PNG", ".dot": b"// Wiring"}


@pytest.mark.parametrize("suffix", BEGINNINGS)
def test_every_format_is_drawn_and_always_the_same(suffix: str) -> None:
    drawings = {draw(graph("rk4"), "Classical Runge-Kutta", suffix) for _ in range(2)}
    (drawing,) = drawings
    assert drawing.startswith(BEGINNINGS[suffix])


def texts(picture: ET.Element) -> list[str]:
    return ["".join(e.itertext()) for e in picture.iter() if e.tag.endswith("text")]


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_spec_becomes_a_picture(name: str) -> None:
    picture = ET.fromstring(redrawn(text(name), "svg"))
    shown = set(texts(picture))
    assert {state.key for state in graph(name).states} <= shown
    assert {e.key for e in graph(name).evaluations} <= shown


def test_a_picture_holds_the_title_and_the_coefficients() -> None:
    title = 'A "title" \\N & <b>more</b> &lt;'
    picture = ET.fromstring(draw(graph("rk4"), title, ".svg"))
    shown = texts(picture)
    assert title in shown
    assert shown.count("1/6") == 2


def test_the_layout_is_ours_whatever_draws_it() -> None:
    """Boxes are where the text says, but for one shift of the whole: Graphviz only draws."""
    placed = redrawn(text("rk4"), "dot").decode()
    shifts = set()
    for key, box in read(text("rk4")).nodes.items():
        x, y = map(float, box["pos"].split(","))
        u, v = map(float, read(placed).nodes[key]["pos"].split(","))
        shifts.add((round(u - x, 1), round(v - y, 1)))
    assert len(shifts) == 1


def test_a_pdf_does_not_tell_the_time() -> None:
    picture = b"%PDF-1.5 /CreationDate (D:20250102030405+01'00) \x80\xff"
    assert module._undated(picture) == b"%PDF-1.5 /CreationDate (D:19700101000000+01'00) \x80\xff"


@pytest.mark.parametrize("path", ["x.jpg", "x", "x.", ".svg", "/dev/null", "a.svg/b"])
def test_another_suffix_is_an_error_that_lists_the_formats(path: str) -> None:
    with pytest.raises(UnknownFormatError, match=r"\.svg, \.pdf, \.png or \.dot"):
        suffix_of(path)


def test_a_format_that_is_none_is_named() -> None:
    with pytest.raises(UnknownFormatError, match=r"not in \.tex"):
        suffix_of("x.tex")


def test_the_suffix_may_be_written_large() -> None:
    assert suffix_of(Path("some folder/X.SVG")) == ".svg"


def without_graphviz(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    monkeypatch.setattr(module, "find_spec", lambda name: None)


def test_without_graphviz_the_error_names_both_mends(monkeypatch: pytest.MonkeyPatch) -> None:
    without_graphviz(monkeypatch)
    with pytest.raises(GraphvizError, match=r"`dot` is found.*butcher-torch\[draw\]"):
        draw(graph("rk4"), "", ".svg")


def test_without_graphviz_dot_text_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    without_graphviz(monkeypatch)
    assert draw(graph("rk4"), "", ".dot").decode() == dot(graph("rk4"), "")


def test_the_system_s_dot_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.shutil, "which", lambda name: f"/bin/{name}")
    assert next(module._commands("svg")) == ["/bin/dot", "-Tsvg"]
    assert next(module._commands("png")) == ["/bin/dot", "-Tpng", "-Gdpi=144"]


def program(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_what_fails_is_followed_by_what_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    works = program("print('<svg/>')")
    commands = [["/nowhere/dot"], program("raise SystemExit(3)"), works]
    monkeypatch.setattr(module, "_commands", lambda kind: iter(commands))
    assert render("digraph {}", ".svg").strip() == b"<svg/>"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["/nowhere/dot"], "No such file"),
        (program("raise SystemExit('out of ink')"), "out of ink"),
        (program("import os; os._exit(9)"), "ended with 9"),
        (program("import time; time.sleep(60)"), "timed out"),
    ],
)
def test_a_failing_graphviz_is_an_error_that_says_why(
    command: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_commands", lambda kind: iter([command]))
    monkeypatch.setattr(module, "SECONDS", 0.5)
    with pytest.raises(GraphvizError, match=said):
        render("digraph {}", ".svg")


def test_modules_of_the_current_folder_are_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pygraphviz.py").write_text("raise SystemExit('was run')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert draw(graph("euler"), "", ".svg").startswith(b"<?xml")
