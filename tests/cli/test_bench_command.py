"""`butcher bench`: a table, a folder with the samples, and what cannot be measured."""

from pathlib import Path

import pytest
import torch
from command import Command

from butcher.bench.record import Record

SMALL = ("--channels", "2", "--size", "4", "--batch", "2", "--rounds", "1")


@pytest.fixture(autouse=True)
def _single() -> None:
    torch.set_default_dtype(torch.float32)


def test_the_table_and_its_samples(butcher: Command, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    done = butcher("bench", "rk4", *SMALL, "--step", "fixed", "--step", "bounded", "-o", folder)
    assert done.code == 0, done.err
    assert done.out == (folder / "blocks.md").read_text(encoding="utf-8")
    kept = Record.read((folder / "blocks.json").read_text(encoding="utf-8"))
    assert {"4 F", "4 Euler", "rk4", "rk4 bounded", "rk4, naive gathered"} <= set(kept.by_name)
    assert all(len(r.times.training) == 1 for r in kept.results)
    again = butcher("bench", "--record", folder / "blocks.json")
    assert (again.code, again.out) == (0, done.out)


def test_tiles_and_shared_sub_nets_have_their_rows(butcher: Command) -> None:
    done = butcher("bench", "rk4", *SMALL, "--part", "tiles", "--part", "blocks", "--shared")
    assert done.code == 0, done.err
    assert "| rk4 shared " in done.out
    assert "## Evaluation of 8 samples in tiles" in done.out
    assert "| rk4 shared, tiles of 2 " in done.out


@pytest.mark.slow
def test_only_what_is_asked_for_is_measured(butcher: Command) -> None:
    done = butcher("bench", "--part", "start-up", "--rounds", "1")
    assert done.code == 0, done.err
    assert "## Time" not in done.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["revnet"], 1, "revnet has 2 slots; it takes one to measure"),
        (["ab2"], 1, "ab2 has 2 states; it takes one to measure"),
        (["rk5"], 3, "no shipped spec is called 'rk5'"),
        (["rk4", "--device", "tpu"], 2, "the device is cpu or cuda, not 'tpu'"),
        (["rk4", "--device", "cuda"], 3, "no CUDA device"),
        (["--shared"], 2, "--step and --shared say how a SPEC is measured; name one"),
        (["--record", "absent.json"], 3, "absent.json"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    butcher: Command, arguments: list[str], code: int, said: str
) -> None:
    if "cuda" in arguments and torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    done = butcher("bench", *arguments)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_a_file_that_is_no_record_is_named(butcher: Command, tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"a": 1}')
    done = butcher("bench", "--record", tmp_path / "other.json")
    assert done.code == 1
    assert "other.json is no record of a run" in done.err
