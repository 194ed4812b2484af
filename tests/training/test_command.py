"""`butcher train`: exit codes and messages."""

from collections.abc import Callable
from pathlib import Path

import pytest

from butcher.training.command import train

Write = Callable[..., Path]


def test_done_is_0(recipe: Write) -> None:
    assert train(str(recipe()), ["epochs=1", "device=cpu"]) == 0
    assert Path("runs/small/metrics.json").exists()


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


def test_a_missing_recipe_is_3_and_names_a_near_one(
    recipe: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe()
    assert train("smal.toml") == 3
    assert capsys.readouterr().err == (
        "smal.toml: No such file or directory; did you mean small.toml?\n"
    )
