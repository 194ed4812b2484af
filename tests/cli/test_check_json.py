"""`butcher check --json`: one object a file, whatever the files are like."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from command import Command, in_a_process

KEYS = [
    *("file", "name", "kind", "explicit", "stages", "steps", "claimed_order"),
    *("claimed_embedded_order", "order", "embedded_order", "order_nonautonomous", "zero_stable"),
    *("symbols", "slots", "exact", "field", "diagnostics"),
]
FINDING = {"code", "severity", "line", "column", "end_column", "message", "hint"}


def objects(butcher: Command, *specs: object, code: int = 0, stdin: bytes = b"") -> list[Any]:
    done = butcher("check", "--json", *specs, stdin=stdin)
    assert done.code == code
    found = json.loads(done.out)
    assert isinstance(found, list)
    for each in found:
        assert list(each) == KEYS
        for finding in each["diagnostics"]:
            assert set(finding) - {"suspects"} == FINDING
            assert finding["severity"] in {"error", "warning", "note"}
            assert finding["code"] == "B000" or 1 <= finding["column"] < finding["end_column"]
    return found


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        (
            "rk4",
            {
                "kind": "runge-kutta",
                "explicit": True,
                "stages": 4,
                "steps": 1,
                "claimed_order": 4,
                "claimed_embedded_order": None,
                "order": 4,
                "embedded_order": None,
                "order_nonautonomous": 4,
                "symbols": [],
                "slots": ["f"],
                "exact": True,
                "field": "QQ",
                "diagnostics": [],
            },
        ),
        (
            "verner89",
            {
                "stages": 16,
                "claimed_order": 8,
                "claimed_embedded_order": 9,
                "order": 8,
                "embedded_order": 9,
                "order_nonautonomous": 8,
                "exact": True,
                "field": "QQ(sqrt6)",
            },
        ),
        (
            "ab4",
            {
                "kind": "multistep",
                "explicit": True,
                "stages": 1,
                "steps": 4,
                "order": 4,
                "zero_stable": True,
                "slots": ["f"],
            },
        ),
        ("backward_euler", {"kind": "runge-kutta", "explicit": False, "order": 1, "stages": 1}),
        (
            "lm_resnet",
            {"kind": "scheme", "steps": 2, "stages": 1, "symbols": ["k"], "claimed_order": None},
        ),
        (
            "polynet_poly2",
            {"kind": "scheme", "stages": 2, "order": None, "order_nonautonomous": None},
        ),
        ("revnet", {"kind": "scheme", "stages": 2, "slots": ["f", "g"]}),
    ],
)
def test_what_is_known_of_a_shipped_method(
    butcher: Command, name: str, wanted: dict[str, Any]
) -> None:
    (found,) = objects(butcher, name)
    assert found["file"] == name
    assert found["name"] == name
    assert {key: found[key] for key in wanted} == wanted


def test_the_table_as_printed_is_told_from_the_mended_one(butcher: Command) -> None:
    """What is verified of a table with wrong digits is said all the same."""
    (found,) = objects(butcher, "verner89_as_printed")
    assert found["claimed_order"] is None
    assert found["order"] is not None
    assert found["order"] < 8
    assert found["stages"] == 14


def test_files_of_every_kind_in_one_run(butcher: Command, tmp_path: Path) -> None:
    false = tmp_path / "false.tab"
    false.write_text("method heun\n  order 3\ntableau\n  0 |\n  1 | 1\n  ---\n  | 1/2 1/2\n")
    broken = tmp_path / "broken.tab"
    broken.write_text("method broken\n  order 3(2)\ntableau\n")
    specs = ["rk4", false, broken, tmp_path / "missing.tab", "-"]
    found = objects(butcher, *specs, code=3, stdin=b"\xff")
    assert [each["file"] for each in found] == [str(spec) for spec in specs]
    assert [d["code"] for d in found[1]["diagnostics"]] == ["B401"]
    assert (found[1]["order"], found[1]["claimed_order"]) == (2, 3)
    assert found[2]["name"] == "broken"
    assert {d["severity"] for d in found[2]["diagnostics"]} == {"error"}
    assert [d["code"] for d in found[3]["diagnostics"]] == ["B000"]
    assert [d["code"] for d in found[4]["diagnostics"]] == ["B002"]
    assert len(objects(butcher, false, broken, code=1)) == 2


def test_the_order_is_said_whatever_else_is_wrong(butcher: Command) -> None:
    text = b"method m\n  order 2\n  learn a = 1\ntableau\n  0 |\n  1 | 1\n  1/2 | 1\n  ---\n"
    text += b"  | 1/2 1/2\n"
    (found,) = objects(butcher, "-", code=1, stdin=text)
    assert found["order"] == 2
    assert {"B203", "B206", "B301"} <= {d["code"] for d in found["diagnostics"]}


def test_a_file_name_of_any_bytes_is_valid_json(tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\x1b.tab")
    try:
        Path(name).write_text("method m\nstep\n  u[n+1] = u[n] + h*f(u[n])\n")
    except OSError:
        pytest.skip("the file system takes no such name")
    done = in_a_process("check", "--json", name)
    assert done.code == 0
    assert json.loads(done.out)[0]["file"] == name
    done = in_a_process("check", name)
    assert done.code == 0
    assert "\x1b" not in done.err
