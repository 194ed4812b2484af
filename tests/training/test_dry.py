"""A rehearsal: what would be trained, and what it would cost."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from butcher.models.setting import SettingError
from butcher.training.command import train
from butcher.training.dry import rehearsed
from butcher.training.recipe import read_recipe

Write = Callable[..., Path]


def test_a_rehearsal_says_recipe_network_and_cost(recipe: Write) -> None:
    read = read_recipe(recipe(), ["epochs=3", "batch=100"])
    said = rehearsed(read)
    toml, table, cost = (
        said.partition("\nsmall: ")[0],
        said.partition("\nsmall: ")[2],
        said.partition("Cost of the training\n")[2],
    )
    assert tomllib.loads(toml) == read.tables()
    assert "parameters     702" in table
    assert "1,079 to train on, 359 for validation, 359 for the test" in cost
    assert "33: 3 epochs of 11" in cost
    assert "images in all  3,237" in cost
    assert "memory" in cost


def test_a_rehearsal_writes_nothing(recipe: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = recipe()
    assert train(path, dry_run=True) == 0
    assert list(Path().iterdir()) == [path]
    assert capsys.readouterr().err == ""


def test_data_that_are_not_here_are_said_to_be_so(recipe: Write) -> None:
    read = read_recipe(recipe(), ["data.name=cifar10", "root=nowhere"])
    said = rehearsed(read)
    assert "3 x 32 x 32, 10" in said
    assert "not known: nowhere" in said


def test_the_maps_of_a_part_of_a_batch_are_in_memory_at_a_time(recipe: Write) -> None:
    path = recipe()

    def memory(*settings: str) -> str:
        said = rehearsed(read_recipe(path, settings))
        return said.partition("memory")[2]

    assert "maps saved of 256 images" in " ".join(memory().split())
    assert "maps saved of 64 images" in " ".join(memory("accumulate=4").split())
    assert memory() != memory("average=0.9")


def test_a_network_that_cannot_be_built_is_an_error(recipe: Write) -> None:
    with pytest.raises(SettingError, match="no whole number"):
        rehearsed(read_recipe(recipe(), ["depth=11"]))
