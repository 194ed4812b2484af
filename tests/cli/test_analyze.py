"""`butcher analyze`: a table, an object, a figure."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command import Command

FALSE = "method m\n  order 2\ntableau\n  |\n --+--\n  | 1\n"


def test_a_table_for_a_terminal(butcher: Command) -> None:
    done = butcher("analyze", "rk4")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("rk4: Classical Runge-Kutta\n")
    assert "order        4, proved exactly" in done.out
    assert butcher("analyze", "rk4").out == done.out


def test_one_file_is_an_object_and_several_are_an_array(butcher: Command) -> None:
    done = butcher("analyze", "rk4", "--json")
    one = json.loads(done.out)
    assert (one["name"], one["order"]) == ("rk4", 4)
    several = json.loads(butcher("analyze", "rk4", "ab2", "--json").out)
    assert several[0] == one
    assert several[1]["multistep"]["error_constant"] == "5/12"


def test_two_tables_stand_apart(butcher: Command) -> None:
    done = butcher("analyze", "rk4", "euler")
    assert "\n\neuler: " in done.out


def test_a_file_with_a_false_claim_is_analysed_and_is_one(butcher: Command) -> None:
    done = butcher("analyze", "-", stdin=FALSE.encode())
    assert done.code == 1
    assert "error[B401]" in done.err
    assert "Runge-Kutta theory" in done.out


def test_a_missing_file_is_three_and_the_others_are_analysed(butcher: Command) -> None:
    done = butcher("analyze", "missing.tab", "rk4", "--json")
    assert done.code == 3
    assert [entry["name"] for entry in json.loads(done.out)] == [None, "rk4"]


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
def test_a_figure_of_several_methods(butcher: Command, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"regions{suffix}"
    done = butcher("analyze", "euler", "rk4", "--plot", file)
    assert done.code == 0
    assert "rk4: Classical" in done.out
    beginning = {".svg": b"<?xml", ".pdf": b"%PDF", ".png": b"\x89PNG"}[suffix]
    assert file.read_bytes().startswith(beginning)


def test_slopes_of_convergence(butcher: Command, tmp_path: Path) -> None:
    file = tmp_path / "slopes.svg"
    done = butcher("analyze", "heun2", "kutta3", "--plot", file, "--kind", "convergence")
    assert done.code == 0
    assert "Heun" in file.read_text("utf-8")


def test_a_figure_that_cannot_be_is_said_before_anything_is_done(
    butcher: Command, tmp_path: Path
) -> None:
    done = butcher("analyze", "rk4", "--plot", tmp_path / "regions.gif")
    assert (done.code, done.out) == (2, "")
    assert ".gif" in done.err
    assert butcher("analyze", "rk4", "--plot", "r.svg", "--kind", "nonsense").code == 2
    assert butcher("analyze", "rk4", "--order", "9").code == 2


def test_what_has_no_region_is_said(butcher: Command, tmp_path: Path) -> None:
    file = tmp_path / "regions.svg"
    done = butcher("analyze", "fractalnet", "--plot", file)
    assert done.code == 1
    assert "FractalNet" in done.err
    assert not file.exists()


def test_a_table_needs_no_heavy_library() -> None:
    code = (
        "import sys\nfrom butcher.cli import main\n"
        "sys.argv = ['butcher', 'analyze', 'rk4', 'ab2']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'numpy', 'scipy', 'sympy', 'matplotlib', 'mpmath'} & set(sys.modules)\n"
        "sys.exit(' '.join(heavy) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
