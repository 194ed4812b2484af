"""Small recipes for fast runs."""

from collections.abc import Callable
from pathlib import Path

import pytest

RECIPE = """\
[model]
family = "ho-resnet"
scheme = "midpoint"
blocks = 1
width = 4

[data]
batch = 256

[train]
epochs = 2
lr = 0.1
"""

Write = Callable[[str, str], Path]


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write RECIPE to `small.toml` of an empty current folder, one line replaced by another."""
    monkeypatch.chdir(tmp_path)

    def write(old: str = "", new: str = "") -> Path:
        assert old in RECIPE
        path = Path("small.toml")
        path.write_text(RECIPE.replace(old, new) if old else RECIPE, encoding="utf-8")
        return path

    return write
