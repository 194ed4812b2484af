"""Runs of one recipe, whatever their seed, and what tells groups apart."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from butcher.laboratory.groups import GroupError, groups, labels
from butcher.training.recipe import Recipe, read_recipe

TEXT = """\
[model]
family = "ho-resnet"
scheme = "rk4"
blocks = 1
width = 4
"""


@dataclass(frozen=True)
class Run:
    recipe: Recipe


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(TEXT)
    return path


def runs(path: Path, *settings: list[str]) -> list[Run]:
    return [Run(read_recipe(path, each)) for each in settings]


def test_runs_that_differ_in_seed_and_machine_are_one_group(recipe: Path) -> None:
    made = runs(recipe, ["seed=2", "out=b"], ["seed=1", "device=cpu", "threads=1"])
    (group,) = groups(made)
    assert (group.label, group.seeds, group.runs) == ("rk4", (1, 2), (made[1], made[0]))


def test_groups_are_named_by_what_differs(recipe: Path) -> None:
    made = runs(
        recipe,
        [],
        ["seed=1"],
        ["scheme=verner89"],
        ["scheme=verner89", "step=learned"],
        ["lr=0.25"],
    )
    assert [(g.label, len(g.runs)) for g in groups(made)] == [
        ("rk4, lr 0.1", 2),
        ("verner89, lr 0.1", 1),
        ("verner89, step learned, lr 0.1", 1),
        ("rk4, lr 0.25", 1),
    ]


def test_blocks_of_several_stages_are_told_in_one_word(recipe: Path) -> None:
    first, second = (
        read_recipe(recipe, [f"blocks={b}", "widths=[4, 8]"]) for b in ("[1, 2]", "[2, 4]")
    )
    assert labels([first, second]) == ["rk4, blocks 1-2", "rk4, blocks 2-4"]


def test_one_run_twice_is_an_error(recipe: Path) -> None:
    with pytest.raises(GroupError, match="would count twice"):
        groups(runs(recipe, ["out=a"], ["out=b"]))


def test_what_changes_no_number_tells_no_groups_apart(recipe: Path) -> None:
    (group,) = groups(runs(recipe, ["seed=0", "workers=2"], ["seed=1", "train.test=false"]))
    assert (group.label, group.seeds) == ("rk4", (0, 1))
