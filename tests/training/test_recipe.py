"""Recipes: defaults, what `--set` replaces, and errors that name file, line and key."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from butcher.models import build, network
from butcher.models.setting import SettingError, settings_of
from butcher.models.source import RecipeError
from butcher.training.recipe import read_recipe

Write = Callable[..., Path]


def test_what_is_not_written_has_a_default(recipe: Write) -> None:
    read = read_recipe(recipe())
    assert (read.name, read.out) == ("small", Path("runs/small"))
    assert (read.data.name, read.data.augment, read.data.batch) == ("digits", "none", 256)
    assert (read.train.optimizer, read.train.schedule, read.train.seed) == ("sgd", "cosine", 0)


def test_tables_are_plain_and_build_the_same_network(recipe: Write) -> None:
    read = read_recipe(recipe())
    tables = read.tables()
    assert tables["model"]["subnet"] == "vgg"
    assert "depth" not in tables["model"]
    assert (
        build(tables["model"], 1, 10).state_dict().keys()
        == network(read.model, 1, 10).state_dict().keys()
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("epochs = 2", "epochs = 0", 11, "train.epochs: 0: should be greater"),
        ("epochs = 2", "epoch = 2", 11, 'train.epoch: no such key; did you mean "epochs"?'),
        ("lr = 0.1", 'lr = "high"', 12, 'train.lr: "high": should be a valid number'),
        ("lr = 0.1", "lr = inf", 12, "train.lr: Infinity: should be a finite number"),
        ("lr = 0.1", 'device = "tpu"', 12, 'train.device: "tpu" is not known; expected "auto"'),
        ("lr = 0.1", 'schedule = "step"', 10, 'train: schedule = "step" needs milestones'),
        (
            "lr = 0.1",
            "restarts = [1, 1]",
            10,
            "train: restarts = [1, 1]: each is later than the one",
        ),
        ("lr = 0.1", "restarts = [0]", 12, "train.restarts.0: 0: should be greater than 0"),
        (
            "lr = 0.1",
            "milestones = [1]",
            10,
            'train: milestones are of schedule = "step"; write that',
        ),
        ("lr = 0.1", "lr_min = 0.2", 10, "train: lr_min = 0.2 is above lr = 0.1"),
        ("lr = 0.1", "average = 1.0", 12, "train.average: 1.0: should be less than 1"),
        ("lr = 0.1", "clip = 0", 12, "train.clip: 0: should be greater than 0"),
        ("lr = 0.1", "warmup = 1\nrestarts = [1]", 10, "train: warmup = 1.0 lasts to the first of"),
        (
            "lr = 0.1",
            'precision = "fp8"',
            12,
            "train.precision: \"fp8\" is not known; expected 'fp32', 'bf16' or",
        ),
        (
            "lr = 0.1",
            'optimizer = "adamw"\nnesterov = true',
            10,
            'train: nesterov is of optimizer = "sgd"',
        ),
        ("lr = 0.1", "warmup = 3", 10, "train: warmup = 3.0 is longer than the 2 epochs"),
        ("batch = 256", 'name = "cifar10"', 7, "data: cifar10 needs root"),
        ("batch = 256", 'name = "cifer"', 8, 'data.name: "cifer" is not known; did you mean'),
        ("batch = 256", 'augment = "crop-flip"', 7, "data: digits has no augment = crop-flip"),
        ("width = 4", "witdh = 4", 5, 'model.witdh: no such key; did you mean "width"?'),
        ("ho-resnet", "ho", 2, 'model.family: "ho" is not known; '),
        ("[data]", "[date]", 7, 'date: no such table; did you mean "data"?'),
    ],
)
def test_an_error_names_file_line_key_and_expectation(
    recipe: Write, old: str, new: str, line: int, message: str
) -> None:
    with pytest.raises(RecipeError) as wrong:
        read_recipe(recipe(old, new))
    assert str(wrong.value).startswith(f"small.toml:{line}: error: {message}")


def test_what_is_no_toml_has_line_and_column(recipe: Write) -> None:
    with pytest.raises(RecipeError, match=r"^small\.toml:1:7: error: not TOML: "):
        read_recipe(recipe("[model]", "[model"))


def test_errors_of_every_table_come_at_once(recipe: Write) -> None:
    path = recipe("width = 4", "width = -1")
    path.write_text(path.read_text().replace("lr = 0.1", "lr = -1"))
    with pytest.raises(RecipeError) as wrong:
        read_recipe(path)
    lines = str(wrong.value).splitlines()
    assert [line.partition(" error: ")[0] for line in lines] == ["small.toml:5:", "small.toml:12:"]


def test_bytes_that_are_no_text_are_an_error(recipe: Write) -> None:
    path = recipe()
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(RecipeError, match="not UTF-8"):
        read_recipe(path)


def test_control_characters_reach_no_terminal(recipe: Write) -> None:
    with pytest.raises(RecipeError) as wrong:
        read_recipe(recipe("width = 4", '"a\\u001b[31m" = 1'))
    assert "\x1b" not in str(wrong.value)


def test_settings_replace_what_the_file_says(recipe: Write) -> None:
    settings = ["train.epochs=7", "lr = 1e-3", "scheme=rk4", "augment=none", "out=somewhere"]
    read = read_recipe(recipe(), settings)
    assert (read.train.epochs, read.train.lr) == (7, 1e-3)
    assert read.model.model_dump()["scheme"] == "rk4"
    assert read.out == Path("somewhere")


def test_depth_set_replaces_blocks_written(recipe: Write) -> None:
    model = read_recipe(recipe(), ["depth=10"]).tables()["model"]
    assert model["depth"] == 10
    assert "blocks" not in model


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("epochs", "write key=value"),
        ("=3", "write key=value"),
        ("epoch=3", 'no such key; did you mean "epochs"'),
        ("train.epoch=3", 'did you mean "train.epochs"'),
        ("modl.width=3", 'did you mean "model.width"'),
        ("epochs=many", '--set epochs=many: error: train.epochs: "many": should be a valid'),
        ("family=lm-resnet", "write another recipe"),
        ("warmup=5", "--set warmup=5: error: train: warmup = 5.0 is longer"),
    ],
)
def test_a_wrong_setting_is_wrong_usage(recipe: Write, setting: str, message: str) -> None:
    with pytest.raises(SettingError) as wrong:
        read_recipe(recipe(), [setting])
    assert message in str(wrong.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("k=3", 3),
        ("k=3.5", 3.5),
        ("k=true", True),
        ("k=[1, 2]", [1, 2]),
        ("k=word", "word"),
        ('k="a = b"', "a = b"),
        ("k=a=b", "a=b"),
        ("k=", ""),
        ("k=1\nb = 2", "1\nb = 2"),
    ],
)
def test_a_value_is_toml_or_text(text: str, value: Any) -> None:
    (setting,) = settings_of([text], {"t": ["k"]})
    assert (setting.table, setting.key, setting.value) == ("t", "k", value)


def test_a_bare_key_of_two_tables_must_be_dotted() -> None:
    keys = {"data": ["name"], "model": ["name"]}
    with pytest.raises(SettingError, match=r"write data\.name or model\.name"):
        settings_of(["name=x"], keys)
    (setting,) = settings_of(["model.name=x"], keys)
    assert setting.table == "model"
