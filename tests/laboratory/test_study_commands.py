"""`butcher compare` and `butcher sweep`: exit codes, what they print, what they leave."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from command import Command
from fake_study import EULER, RECIPE, RK4, diverged, done, store

from butcher.laboratory.pool import Ended
from butcher.laboratory.study import Request, train
from butcher.laboratory.study.depths import places
from butcher.laboratory.sweep.rates import cells

pytestmark = pytest.mark.usefixtures("only_svg")


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small.toml").write_text(RECIPE)


def compared(*seeds: int) -> Request:
    """The runs of `compare small.toml euler RK4: rk4 -o study`, as if made; one diverged."""
    request = Request(Path("small.toml"), (EULER, RK4), seeds, Path("study"))
    found, _ = places(request, [])
    for one in request.planned([place.cell for place in found]):
        seed, better = one.seed, 0.02 * (one.cell.variant is RK4)
        result = done(one.cell, seed, [0.5, 0.7, 0.9 + better], 0.9 + better + seed / 100)
        store(one, diverged(one.cell, seed) if (seed, better) == (3, 0.0) else result)
    return request


COMPARE = ("compare", "small.toml", "euler", "RK4: rk4", "-o", "study")


def test_a_finished_comparison_is_put_down_again_byte_for_byte(butcher: Command) -> None:
    compared(0, 1, 2, 3)
    first = butcher(*COMPARE, "--seeds", 4)
    assert (first.code, first.err) == (0, "written to study\n")
    assert "1 of 4 runs of euler, 10 layers, diverged" in first.out
    table = Path("study/compare.csv").read_bytes()
    assert table.startswith(b"layers,variant,parameters,runs,")
    second = butcher(*COMPARE, "--seeds", 4)
    assert (second.out, Path("study/compare.csv").read_bytes()) == (first.out, table)


def test_seeds_may_be_named(butcher: Command) -> None:
    compared(0, 1, 2)
    done = butcher(*COMPARE, "--seed", 2, "--seed", 0)
    assert (done.code, done.err) == (0, "written to study\n")


def test_a_sweep_is_put_down_again(butcher: Command) -> None:
    request = Request(Path("small.toml"), (EULER, RK4), (0, 1), Path("study"))
    found, _ = places(request, [])
    grid = [c for row in cells([place.cell for place in found], (0.1, 0.2)) for c in row]
    for one in request.planned(grid):
        store(one, done(one.cell, one.seed, [0.5, 0.5, 0.9]))
    asked = ("sweep", "small.toml", "euler", "RK4: rk4", "--lr", 0.2, "--lr", 0.1)
    found = butcher(*asked, "--seeds", 2, "-o", "study")
    assert found.code == 0
    assert "at least 0.2" in found.out
    assert Path("study/sweep-rates.csv").read_text().count("\n") == 5


def test_a_run_that_failed_makes_the_code_1_and_the_table_all_the_same(
    butcher: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared(0, 1)

    def ended(tasks: list[object], jobs: int) -> list[Ended]:
        return [
            Ended(place, error="its process was ended by SIGKILL") for place in range(len(tasks))
        ]

    monkeypatch.setattr(train, "ended", ended)
    found = butcher(*COMPARE, "--seeds", 3)
    assert found.code == 1
    assert found.err.endswith("2 runs failed; the same command tries them again\n")
    assert "euler, seed 2, failed: its process was ended by SIGKILL" in found.out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("compare", "small.toml", "euler", "vernr89"), 2, "no shipped spec is called"),
        (("compare", "small.toml", "euler"), 2, "two variants at least"),
        (("compare", "small.toml", "euler", "rk4 fixed"), 2, "'fixed' stands after the scheme"),
        (("compare", "small.toml", "euler", "rk4", "--set", "lrr=1"), 2, "no such key"),
        (("compare", "smal.toml", "euler", "rk4"), 3, "No such file"),
        (("sweep", "small.toml", "euler", "--from", 2), 2, "up to a larger --to"),
        (("sweep", "small.toml", "euler lr=1"), 2, "which a sweep sets: leave it out"),
        (("sweep", "small.toml", "euler", "--set", "name=cifar10", "--set", "root=no"), 3, "no"),
    ],
)
def test_what_cannot_be_is_one_line_and_trains_nothing(
    butcher: Command, arguments: tuple[object, ...], code: int, message: str
) -> None:
    found = butcher(*arguments)
    assert (found.code, found.out, found.err.count("\n")) == (code, "", 1)
    assert message in found.err
    assert [path.name for path in Path().iterdir()] == ["small.toml"]


def test_another_recipe_in_the_same_folder_is_refused(butcher: Command) -> None:
    compared(0)
    found = butcher(*COMPARE, "--seeds", 1, "--set", "epochs=9")
    assert found.code == 2
    assert found.err == (
        "study/runs/euler-s0 holds a run of another recipe: train.epochs is 3 there and 9 here; "
        "give another folder with -o, or remove this one\n"
    )


# --------------------------------------------------------------------------- trained for real


@pytest.mark.slow
@pytest.mark.usefixtures("interruptible")
def test_a_study_is_trained_interrupted_and_goes_on(butcher: Command) -> None:
    """Ctrl-C after the first run; the same command trains the others, and then nothing more."""
    command = [
        "compare",
        "small.toml",
        "euler",
        "rk4",
        "--seeds",
        "2",
        "--jobs",
        "1",
        "-o",
        "study",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "butcher", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONFAULTHANDLER": "1"},
    )
    assert process.stderr is not None
    assert process.stderr.readline().startswith("[1/4] euler, seed 0: validation")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err == "interrupted; the same command goes on where this one ended\n"
    first = Path("study/runs/euler-s0/summary.json")
    before = first.stat().st_mtime_ns

    rest = butcher(*command)
    assert rest.code == 0
    assert rest.err.startswith("1 of 4 runs are done already\n[2/4] ")
    assert first.stat().st_mtime_ns == before
    again = butcher(*command)
    assert (again.out, again.err) == (rest.out, "written to study\n")
