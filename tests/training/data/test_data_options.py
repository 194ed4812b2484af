"""`[data]`: what each key may be, for which set, and what is said where it may not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from butcher.models.options import TableError, checked
from butcher.models.setting import SettingError
from butcher.models.source import RecipeError
from butcher.training.data import DATASETS, DataOptions
from butcher.training.recipe import read_recipe

Write = Callable[..., Path]


def table(name: str, **given: Any) -> dict[str, Any]:
    root = {"root": "data"} if DATASETS[name].needs else {}
    return {"name": name, **root, **given}


@pytest.mark.parametrize("name", DATASETS)
def test_a_set_needs_no_more_than_its_name_and_root(name: str) -> None:
    options = checked(DataOptions, table(name), "data")
    assert (options.name, options.augment, options.batch) == (name, "none", 128)
    assert options.validation == (0.25 if name == "digits" else 0.1)
    written = options.model_dump(mode="json", exclude_none=True)
    assert checked(DataOptions, written, "data") == options
    assert ("classes" in written) == (name == "glyphs")


def test_defaults_of_glyphs_are_written_out() -> None:
    options = checked(DataOptions, {"name": "glyphs"}, "data")
    assert (options.classes, options.images, options.image_seed) == (10, 20_000, 0)


# NETWORKS.md has the papers' recipes: each of their rows that speaks of data.
@pytest.mark.parametrize(
    "given",
    [
        table("cifar10", augment="crop-flip", batch=128),  # Lu; Lembke
        table("cifar100", augment="crop-flip", batch=128),
        table("imagenet", augment="crop-flip", batch=256),
        table("cifar10", augment="autoaugment", batch=128),  # Luo
        table("cifar10", augment="none", batch=128),  # Luo, comparisons of single blocks
        table("cifar10", augment="crop-flip", batch=100, validation=0),  # Chang
        table("stl10", augment="crop-flip", batch=32),
        table("glyphs", augment="autoaugment", classes=100, images=50_000),
    ],
)
def test_the_papers_data_can_be_written(given: dict[str, Any]) -> None:
    options = checked(DataOptions, given, "data")
    assert {key: getattr(options, key) for key in given} == given


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": "mnist"}, 'data.name: "mnist" is not known'),
        ({"name": 3}, "data.name: 3: should be a valid string"),
        ({"name": "cifar100"}, "data: cifar100 needs root, the folder that holds cifar-100-python"),
        ({"name": "stl10"}, "data: stl10 needs root, the folder that holds stl10_binary"),
        ({"name": "imagenet"}, "data: imagenet needs root, the folder that holds train and val"),
        ({"root": "data"}, "data: digits has no root, which is a key of glyphs, cifar10, cifar100"),
        (table("cifar10", classes=10), "data: cifar10 has no classes, which is a key of glyphs"),
        (table("digits", images=99), "data: digits has no images, which is a key of glyphs"),
        (table("stl10", image_seed=1), "data: stl10 has no image_seed, which is a key of glyphs"),
        (table("glyphs", classes=20), "data.classes: 20 is not known; expected 10 or 100"),
        (table("glyphs", images=499, classes=100), "data: images = 499 is less than 500, five"),
        (table("glyphs", augment="crop-flip"), "data: glyphs has no augment = crop-flip; known: n"),
        (table("cifar10", augment="crop"), "data: cifar10 has no augment = crop; known: none, cr"),
        (table("imagenet", augment="autoaugment"), "data: imagenet has no augment = autoaugment"),
        (table("digits", augment="crop"), "data: digits has no augment = crop; known: none"),
        (table("digits", augment="flip"), "data.augment: \"flip\" is not known; expected 'none', "),
        (table("digits", validation=1.0), "data.validation: 1.0: should be less than 1"),
        (table("digits", validation=-0.1), "data.validation: -0.1: should be greater than or"),
        (table("digits", batch=0), "data.batch: 0: should be greater than or equal to 1"),
        (table("digits", workers=-1), "data.workers: -1: should be greater than or equal to 0"),
        (table("digits", split_seed=-1), "data.split_seed: -1: should be greater than"),
        (table("digits", image=1), 'data.image: no such key; did you mean "images"?'),
    ],
)
def test_what_cannot_be_is_said(given: dict[str, Any], message: str) -> None:
    with pytest.raises(TableError) as wrong:
        checked(DataOptions, given, "data")
    (problem,) = wrong.value.problems
    assert f"{problem.key}: {problem.message}".startswith(message)


def test_a_recipe_s_error_has_its_line(recipe: Write) -> None:
    with pytest.raises(RecipeError, match=r"^small\.toml:8: error: data\.validation: 2: should be"):
        read_recipe(recipe("batch = 256", "validation = 2"))
    with pytest.raises(RecipeError, match=r"^small\.toml:7: error: data: digits has no images"):
        read_recipe(recipe("batch = 256", "images = 2000"))


def test_a_setting_reaches_its_key(recipe: Write) -> None:
    settings = ["name=glyphs", "classes=100", "images=700", "image_seed=3", "validation=0.5"]
    data = read_recipe(recipe(), [*settings, "augment=crop", "workers=2", "split_seed=4"]).data
    assert data.model_dump() == {
        "name": "glyphs",
        "root": None,
        "classes": 100,
        "images": 700,
        "image_seed": 3,
        "augment": "crop",
        "batch": 256,
        "validation": 0.5,
        "split_seed": 4,
        "workers": 2,
    }
    with pytest.raises(SettingError, match=r"--set image=3: no such key; did you mean \"images\""):
        read_recipe(recipe(), ["image=3"])
