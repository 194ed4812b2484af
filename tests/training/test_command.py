"""`butcher train`: exit codes and messages."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from command import Command

from butcher.training.command import train
from butcher.training.display import Display
from butcher.training.stored import stored

Write = Callable[..., Path]


def test_done_is_0(recipe: Write) -> None:
    assert train(str(recipe()), ["epochs=1", "device=cpu"]) == 0
    assert Path("runs/small/summary.json").exists()


@pytest.mark.parametrize(
    ("code", "settings", "message"),
    [
        (1, ["lr=1e30", "epochs=5"], "diverged"),
        (2, ["epoch=1"], 'no such key; did you mean "epochs"'),
        (2, ["depth=11"], "--set depth=11: error: model.depth: 11 layers are no whole number"),
        (3, ["out=small.toml"], "small.toml"),
        (3, ["name=cifar10", "root=nowhere"], "no such folder"),
    ],
)
def test_other_ends_have_their_codes(
    recipe: Write,
    capsys: pytest.CaptureFixture[str],
    code: int,
    settings: list[str],
    message: str,
) -> None:
    assert train(recipe(), ["device=cpu", *settings]) == code
    assert message in capsys.readouterr().err


def test_a_wrong_recipe_is_1(recipe: Write, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(recipe("blocks = 1", "depth = 11")) == 1
    error = capsys.readouterr().err
    assert error.startswith("small.toml:4: error: model.depth: 11 layers")
    assert "write 10 or 14" in error


def test_errors_of_the_scheme_are_1(recipe: Write, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(recipe("midpoint", "midpiont")) == 1
    error = capsys.readouterr().err
    assert error.startswith("small.toml:3: error: model.scheme: no shipped spec is called")
    Path("mine.tab").write_text("method mine\nstep\n  u[n+1] = v\n")
    assert train(recipe("midpoint", "mine.tab")) == 1
    assert "mine.tab:3:12: error[" in capsys.readouterr().err
    assert train(recipe("midpoint", "yours.tab")) == 3
    assert "yours.tab: No such file" in capsys.readouterr().err


def test_errors_of_a_scheme_inside_a_recipe_name_its_key(
    recipe: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "method mine\n  order 2\n\ntableau\n  0 |\n  --+---\n    | 1\n"
    assert train(recipe('"midpoint"', f'"""\n{text}"""'), ["epochs=1"]) == 1
    assert capsys.readouterr().err.startswith("model.scheme:2:3: error[B401]")


def test_a_full_disk_is_3_and_names_the_checkpoint(
    recipe: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that may not grow is what a disk is to it that is full."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    path = recipe()
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        code = train(path, ["epochs=1"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (code, "checkpoint.pt: File too large" in capsys.readouterr().err) == (3, True)
    assert not Path("runs/small/checkpoint.pt").exists()


def test_a_missing_recipe_is_3_and_names_a_near_one(
    recipe: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe()
    assert train("smal.toml") == 3
    assert capsys.readouterr().err == (
        "smal.toml: No such file or directory; did you mean small.toml?\n"
    )


def test_an_interrupted_run_is_130_and_its_folder_goes_on(
    recipe: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = recipe()
    with monkeypatch.context() as patch:
        patch.setattr(Display, "step", lambda self, images: os.kill(os.getpid(), signal.SIGINT))
        assert train(path, ["device=cpu"]) == 130
    assert capsys.readouterr().err == (
        "SIGINT: runs/small/checkpoint.pt is of step 1 of epoch 1; "
        "go on with: butcher train runs/small --resume\n"
    )
    path.unlink()
    assert train("runs/small", resume=True) == 0
    found = stored("runs/small")
    assert found.summary is not None
    assert len(found.epochs) == 2
    assert train("runs/small", resume=True, quiet=True) == 0


def test_the_folder_of_a_run_is_no_recipe(
    recipe: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(recipe(), ["device=cpu", "epochs=1"]) == 0
    assert train("runs/small") == 3
    assert capsys.readouterr().err == (
        "runs/small: is the folder of a run; add --resume, or write runs/small/recipe.toml\n"
    )


def test_another_recipe_is_wrong_usage(recipe: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = recipe()
    assert train(path, ["device=cpu", "epochs=1"]) == 0
    assert train(path, ["device=cpu"], resume=True) == 2
    assert "train.epochs is 1 there and 2 here" in capsys.readouterr().err


def test_images_that_a_network_cannot_take_are_an_error_before_training(
    recipe: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    vectors = ["subnet.kind=attention", "stem=patches-16", "width=8", "device=cpu"]
    assert train(recipe(), vectors) == 1
    assert "the network cannot take 1 x 8 x 8: " in capsys.readouterr().err
    assert not Path("runs").exists()


def test_the_command_line_has_every_option(recipe: Write, butcher: Command) -> None:
    path = recipe()
    rehearsed = butcher("train", path, "--dry-run", "--set", "train.epochs=1")
    assert rehearsed.code == 0
    assert "5: 1 epoch of 5" in rehearsed.out
    assert not Path("runs").exists()
    assert butcher("train", path, "-q", "--set", "train.epochs=1", "--set", "device=cpu").out == ""
    again = butcher("train", "runs/small", "--resume")
    assert (again.code, again.out) == (0, "runs/small: is finished, 1 epoch: nothing to do\n")
