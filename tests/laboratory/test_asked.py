"""`butcher lesion`, `norms`, `landscape`: of runs in folders, from the command line."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from butcher.laboratory.finished import AskError, finished
from butcher.laboratory.landscape import landscape
from butcher.laboratory.landscape.direction import direction
from butcher.laboratory.landscape.result import Plane
from butcher.laboratory.landscape.subject import fresh, subjects
from butcher.laboratory.landscape.surface import surface
from butcher.laboratory.lesion import lesion
from butcher.laboratory.norms import norms
from butcher.laboratory.statistic import Estimate
from butcher.training.recipe import read_recipe
from butcher.training.run import run
from butcher.training.stored import stored

RECIPE = """\
[model]
family = "preact-resnet"
widths = [4, 4]
blocks = 2
h = 1.0
[data]
batch = 256
[train]
epochs = 1
threads = 1
device = "cpu"
test = false
"""

Command = Callable[..., Any]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `small.toml` and its runs `a0`, `a1`; `b0` has twice the blocks."""
    folder = tmp_path_factory.mktemp("runs")
    recipe = folder / "small.toml"
    recipe.write_text(RECIPE, encoding="utf-8")
    for name, settings in (("a0", []), ("a1", ["seed=1"]), ("b0", ["blocks=4"])):
        run(read_recipe(recipe, [*settings, f"out={folder / name}"]), quiet=True)
    return folder


def test_the_error_of_a_whole_network_is_the_one_that_its_run_noted(runs: Path) -> None:
    found = lesion(finished([runs / "a0", runs / "a1"]), draws=2)
    (group,) = found.raw["groups"]
    assert group["seeds"] == (0, 1)
    for name, errors in zip(("a0", "a1"), group["errors"], strict=True):
        summary = stored(runs / name).summary
        assert summary is not None
        assert errors["whole"] == pytest.approx(1 - summary["validation_accuracy"])
    assert group["places"] == ["block 1", "block 2", "block 3", "block 4"]
    assert found.tables[0].rows[0][1:3] == (2, 4)


def test_weights_of_runs_are_not_touched(runs: Path) -> None:
    before = (runs / "a0" / "checkpoint.pt").read_bytes()
    lesion(finished([runs / "a0"]), "shuffle", draws=1)
    norms(finished([runs / "a0"]))
    assert (runs / "a0" / "checkpoint.pt").read_bytes() == before


def test_the_centre_of_a_surface_is_the_loss_that_its_run_noted(runs: Path) -> None:
    found = stored(runs / "a0")
    split = found.data().validation
    network = found.network()
    data = split.images(np.arange(len(split))), split.labels
    drawn = direction(network, torch.Generator().manual_seed(0))
    (centre,) = surface(network, data, [drawn], [0.0])
    assert found.summary is not None
    assert centre == pytest.approx(found.summary["validation_loss"], rel=1e-5)


def test_an_untrained_network_is_the_one_that_its_run_began_with(runs: Path) -> None:
    recipe = read_recipe(runs / "small.toml", [f"out={runs / 'never'}"])
    seen: list[torch.Tensor] = []

    def begin(network: torch.nn.Module) -> None:
        seen.extend(p.detach().clone() for p in network.parameters())
        raise InterruptedError

    with pytest.raises(InterruptedError):
        run(recipe, begin=begin, quiet=True)
    made = fresh(recipe, stored(runs / "a0").data())
    assert all(torch.equal(a, b) for a, b in zip(seen, made.parameters(), strict=True))


def test_a_recipe_stands_for_so_many_seeds_and_a_run_for_itself(runs: Path) -> None:
    drawn, made = subjects([runs / "small.toml", runs / "b0"], 3)
    assert drawn.seeds == (0, 1, 2)
    assert [subject.states for subject in drawn.runs] == [("untrained",)] * 3
    assert made.seeds == (0,)
    assert made.runs[0].states == ("untrained", "trained")


@pytest.mark.usefixtures("only_svg")
def test_commands_print_tables_and_write_them(butcher: Command, runs: Path, tmp_path: Path) -> None:
    folders = [runs / name for name in ("a0", "a1", "b0")]
    done = butcher("lesion", *folders, "--what", "evaluation", "--draws", 2)
    assert (done.code, done.err) == (0, "")
    assert "one sub-net silent" in done.out
    assert "the test part was not touched" in done.out
    done = butcher("norms", *folders, "--part", "test")
    assert (done.code, done.err) == (0, "")
    assert "Measured on the test part" in done.out
    done = butcher("landscape", *folders, "--points", 3, "-o", tmp_path)
    assert (done.code, done.err) == (0, f"written to {tmp_path}\n")
    raw = json.loads((tmp_path / "landscape.json").read_text(encoding="utf-8"))["raw"]
    assert [(s["label"], s["weights"], s["seeds"]) for s in raw["surfaces"]] == [
        ("euler, blocks 2", "untrained", [0, 1]),
        ("euler, blocks 4", "untrained", [0]),
        ("euler, blocks 2", "trained", [0, 1]),
        ("euler, blocks 4", "trained", [0]),
    ]
    assert all(len(losses) == 3 for s in raw["surfaces"] for losses in s["losses"])


def test_networks_that_differ_in_depth_have_a_slope(runs: Path) -> None:
    found = norms(finished([runs / name for name in ("a0", "a1", "b0")]))
    (slope,) = found.tables[1].rows
    estimate = slope[2]
    assert slope[0] == "euler, h = 1"
    assert isinstance(estimate, Estimate)
    assert estimate.number == 3


@pytest.mark.parametrize("what", ["block", "evaluation", "shuffle", "norms", "landscape"])
def test_figures_can_be_drawn_of_one_run_and_of_several(runs: Path, what: Any) -> None:
    pytest.importorskip("matplotlib")
    folders = [runs / name for name in ("a0", "a1", "b0")]
    if what == "norms":
        found = norms(finished(folders))
    elif what == "landscape":
        found = landscape(subjects(folders, 1), Plane(2, 3), images=20)
    else:
        found = lesion(finished(folders), what, draws=1)
    assert len(found.figures) == (2 if what in ("norms", "landscape") else 1)
    for figure in found.figures:
        assert figure.content(".svg").startswith(b"<?xml")


def test_what_is_no_finished_run_is_said_with_its_mend(runs: Path, tmp_path: Path) -> None:
    unfinished = tmp_path / "unfinished"
    shutil.copytree(runs / "a0", unfinished)
    (unfinished / "summary.json").unlink()
    with pytest.raises(AskError, match=r"has not ended.* butcher train .*unfinished --resume"):
        finished([unfinished])
    (unfinished / "summary.json").write_text('{"outcome": "diverged"}', encoding="utf-8")
    with pytest.raises(AskError, match=r"ended as 'diverged'.* leave it out"):
        finished([unfinished])


def test_runs_on_several_data_sets_do_not_stand_side_by_side(runs: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(runs / "a1", other)
    file = other / "recipe.toml"
    text = file.read_text(encoding="utf-8")
    assert "split_seed = 0" in text
    file.write_text(text.replace("split_seed = 0", "split_seed = 7"), encoding="utf-8")
    with pytest.raises(AskError, match=r"other has data.split_seed = 7, .*a0 has 0"):
        finished([runs / "a0", other])


def test_wrong_questions_end_with_their_exit_codes(
    butcher: Command, runs: Path, tmp_path: Path
) -> None:
    done = butcher("norms", tmp_path)
    assert done.code == 3
    assert "is no folder of a run" in done.err
    done = butcher("lesion", runs / "a0", runs / "a0")
    assert done.code == 2
    assert "would count twice" in done.err
    done = butcher("landscape", runs / "a0", "--points", 4)
    assert (done.code, done.err) == (2, "butcher: --points 4 has no centre; write an odd number\n")
    done = butcher("landscape", runs / "b0", tmp_path / "none.toml")
    assert done.code == 3
    assert "No such file" in done.err


def test_blocks_that_control_their_step_are_refused(butcher: Command, tmp_path: Path) -> None:
    recipe = tmp_path / "controlled.toml"
    model = 'family = "ho-resnet"\nscheme = "bs32"\nstep = "controlled"\nblocks = 1\nwidth = 4\n'
    recipe.write_text(f"[model]\n{model}[data]\n[train]\n", encoding="utf-8")
    done = butcher("landscape", recipe)
    assert done.code == 2
    assert done.err.startswith("bs32: its blocks control their step")


def test_networks_that_have_nothing_to_drop_or_exchange_are_refused(
    butcher: Command, runs: Path, tmp_path: Path
) -> None:
    one = tmp_path / "one"
    run(read_recipe(runs / "small.toml", ["blocks=1", f"out={one}"]), quiet=True)
    done = butcher("lesion", one, "--what", "shuffle")
    assert done.code == 2
    assert "no stage has two blocks of the same shapes" in done.err
