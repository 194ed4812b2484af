"""Runs, read from their folders."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from butcher.training.data import load
from butcher.training.folder import RunError
from butcher.training.recipe import read_recipe
from butcher.training.run import run
from butcher.training.stored import stored

Write = Callable[..., Path]
CPU = ["device=cpu", "epochs=1"]


def test_a_run_is_what_was_trained(recipe: Write) -> None:
    read = read_recipe(recipe(), [*CPU, "out=runs/one"])
    outcome = run(read)
    found = stored("runs/one")
    assert (found.folder, found.name) == (Path("runs/one"), "one")
    assert found.recipe.tables() == read.tables()
    assert found.recipe.out == found.folder
    assert found.digest == read.digest
    assert found.epochs == [outcome.last]
    assert found.summary == json.loads(Path("runs/one/summary.json").read_text())
    assert torch.equal(found.data().test.labels, load(read.data).test.labels)


def test_a_folder_that_was_moved_is_the_same_run(recipe: Write) -> None:
    read = read_recipe(recipe(), CPU)
    run(read)
    read.out.rename("moved")
    assert stored("moved").recipe.out == Path("moved")
    assert stored("moved").digest == read.digest


def test_a_network_is_that_of_the_text_it_was_trained_with(recipe: Write) -> None:
    """A path that now says something else does not matter."""
    Path("mine.tab").write_text("method mine\n\ntableau\n  0 |\n  --+---\n    | 1\n")
    read = read_recipe(recipe("midpoint", "mine.tab"), CPU)
    run(read)
    Path("mine.tab").unlink()
    network = stored(read.out).network()
    assert type(network.blocks[0]).__name__ == "Mine"
    assert {p.dtype for p in network.parameters()} == {torch.float32}


def test_reading_a_network_draws_nothing(recipe: Write) -> None:
    read = read_recipe(recipe(), CPU)
    run(read)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    stored(read.out).network()
    assert torch.equal(torch.get_rng_state(), before)


def test_what_is_no_run_is_said_to_be_none(recipe: Write) -> None:
    run(read_recipe(recipe(), CPU))
    Path("empty").mkdir()
    with pytest.raises(RunError, match=r"^empty: is no folder of a run.*; butcher train RECIPE"):
        stored("empty")
    Path("study/runs").mkdir(parents=True)
    with pytest.raises(RunError, match=r"^study: is no .*; write its runs, study/runs/\*$"):
        stored("study")
    with pytest.raises(RunError, match=r"^runs/smal: .* did you mean runs/small\?$"):
        stored("runs/smal")
    with pytest.raises(RunError, match=r"^small\.toml: is no folder"):
        stored("small.toml")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("recipe.toml", "[model]\n"),
        ("metrics.csv", "epoch,step\n1,2\n"),
        ("summary.json", "{"),
        ("environment.json", "{}"),
    ],
)
def test_a_damaged_run_is_one_line(recipe: Write, name: str, text: str) -> None:
    read = read_recipe(recipe(), CPU)
    run(read)
    (read.out / name).write_text(text)
    with pytest.raises(RunError, match=r"^runs/small: is damaged \(") as wrong:
        stored(read.out)
    assert len(str(wrong.value).splitlines()) == 1
    if name in {"metrics.csv", "summary.json"}:
        assert name in str(wrong.value)


def test_a_line_that_a_crash_cut_off_is_of_no_whole_epoch(recipe: Write) -> None:
    read = read_recipe(recipe(), CPU)
    run(read)
    with (read.out / "metrics.csv").open("a") as file:
        file.write("2,10,0.0")
    assert [result.epoch for result in stored(read.out).epochs] == [1]


def test_a_run_without_a_checkpoint_says_what_to_type(recipe: Write) -> None:
    """Of a finished run --resume would only say that it is finished."""
    read = read_recipe(recipe(), CPU)
    run(read)
    (read.out / "checkpoint.pt").unlink()
    anew = r"train it: butcher train runs/small/recipe\.toml --set out=runs/small$"
    with pytest.raises(RunError, match=anew):
        stored(read.out).network()
    (read.out / "summary.json").unlink()
    with pytest.raises(RunError, match=r"train it: butcher train runs/small --resume$"):
        stored(read.out).network()
