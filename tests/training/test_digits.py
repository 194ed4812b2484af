"""The shipped recipes learn the digits. Three runs, as a user starts them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from butcher.models import network
from butcher.training.recipe import read_recipe

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("digits_*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_shipped_recipe_is_valid(path: Path) -> None:
    recipe = read_recipe(path)
    assert recipe.out == Path("runs") / path.stem
    network(recipe.model, 1, 10)


@pytest.mark.slow
@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_shipped_recipe_learns_the_digits(path: Path, tmp_path: Path) -> None:
    code = "import sys; from butcher.training.command import train; sys.exit(train(sys.argv[1]))"
    run = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    summary = json.loads((tmp_path / "runs" / path.stem / "summary.json").read_text())
    assert summary["test_accuracy"] > 0.95
