"""Tables and the files of an experiment."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from butcher.laboratory.findings import Findings, said, write
from butcher.laboratory.plot import Drawing
from butcher.laboratory.statistic import NOTHING, Estimate, mean_of
from butcher.laboratory.table import Table

TABLE = Table(
    "Accuracy",
    ("scheme", "accuracy (%)", "parameters"),
    (
        ("rk_4 & more", mean_of([91.0, 92.0, 93.5]), 298442),
        ("a|b", mean_of([90.0]), None),
        ("none", NOTHING, 1),
    ),
    ("Five seeds.",),
)


def test_a_terminal_shows_columns_below_each_other() -> None:
    lines = TABLE.text().splitlines()
    assert lines[0] == "Accuracy"
    heads, rule, first, *_ = lines[2:]
    assert heads.index("parameters") + len("parameters") == len(rule) == len(first)
    assert first.startswith("rk_4 & more  ")
    assert first.endswith("   298,442")
    assert lines[-1] == "Five seeds."


def test_markdown_keeps_its_columns_whatever_a_cell_says() -> None:
    rows = [line for line in TABLE.markdown().splitlines() if line.startswith("|")]
    assert len(rows) == 5
    assert {row.replace("\\|", "").count("|") for row in rows} == {4}
    assert "| -" in rows[3]


def test_csv_has_every_digit_and_the_ends_of_intervals() -> None:
    first, second, third = csv.DictReader(io.StringIO(TABLE.csv()))
    found = TABLE.rows[0][1]
    assert isinstance(found, Estimate)
    assert float(first["accuracy (%)"]) == found.mean
    assert float(first["accuracy (%) low"]) == found.low
    assert float(first["accuracy (%) high"]) == found.high
    assert first["accuracy (%) n"] == "3"
    assert (second["accuracy (%) low"], second["parameters"]) == ("", "")
    assert (third["accuracy (%)"], third["accuracy (%) n"]) == ("", "0")


def test_latex_is_escaped_and_numbers_are_mathematics() -> None:
    text = TABLE.latex()
    assert r"rk\_4 \& more & $92.2$ $[89.0, 95.3]$ & $298{,}442$ \\" in text
    assert r"accuracy (\%)" in text
    assert text.count(r" \\") == 4
    assert "% Five seeds." in text
    assert r"$1 \cdot 10^{-5}$" in Table("", ("x",), ((1e-5,),)).latex()


def findings(**changes: Any) -> Findings:
    def draw(page: Any) -> None:
        page.subplots().plot([0, 1], [0, 1])

    given = {
        "name": "compare",
        "title": "Two schemes",
        "tables": (TABLE, Table("More", ("x",), ((1,),), name="more")),
        "figures": (Drawing(draw), Drawing(draw, name="more")),
        "raw": {"runs": [{"loss": float("nan"), "seed": 1}]},
        "remarks": ("One remark.",),
    }
    return Findings(**(given | changes))


def test_files_are_named_after_the_command_and_the_part(tmp_path: Path) -> None:
    written = write(findings(), tmp_path / "a" / "b")
    names = {path.name for path in written}
    tables = {f"compare{part}.{end}" for part in ("", "-more") for end in ("csv", "tex")}
    figures = {f"compare{part}.{end}" for part in ("", "-more") for end in ("svg", "pdf", "png")}
    assert names == {"compare.md", "compare.json"} | tables | figures
    assert {path.name for path in (tmp_path / "a" / "b").iterdir()} == names
    stored = json.loads((tmp_path / "a" / "b" / "compare.json").read_text())
    assert stored["raw"] == {"runs": [{"loss": None, "seed": 1}]}
    assert stored["figures"] == ["compare", "compare-more"]
    assert [table["title"] for table in stored["tables"]] == ["Accuracy", "More"]
    text = (tmp_path / "a" / "b" / "compare.md").read_text()
    assert "![compare-more](compare-more.svg)" in text
    assert "One remark." in text


def test_the_same_findings_are_the_same_bytes(tmp_path: Path) -> None:
    one, other = (write(findings(), tmp_path / name) for name in "ab")
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]


def test_without_matplotlib_there_are_tables_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    names = {path.suffix for path in write(findings(), tmp_path)}
    assert names == {".md", ".json", ".csv", ".tex"}


def test_a_terminal_is_told_everything() -> None:
    text = said(findings())
    assert text.startswith("Two schemes\n\nAccuracy\n")
    assert text.endswith("One remark.\n")
