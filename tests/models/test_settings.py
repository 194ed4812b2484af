"""`--set` inside a table, and the lines that errors name."""

from pathlib import Path
from typing import Any

import pytest

from butcher.models import build, read
from butcher.models.options import Problem, TableError
from butcher.models.setting import Setting, SettingError, apply, settings_of
from butcher.models.source import RecipeSource, line_of

KEYS = {"model": ["family", "subnet", "subnets", "values", "depth", "blocks"], "data": ["name"]}


def after(table: dict[str, Any], *texts: str) -> dict[str, Any]:
    sections = {"model": table, "data": {}}
    apply(sections, settings_of(texts, KEYS))
    return sections["model"]


@pytest.mark.parametrize(
    ("table", "text", "subnet"),
    [
        ({}, "subnet.cardinality=16", {"cardinality": 16}),
        ({"subnet": "grouped"}, "subnet.width=4", {"kind": "grouped", "width": 4}),
        ({"subnet": {"kind": "grouped", "width": 4}}, "model.subnet.width=8", {"width": 8}),
        ({"subnet": {"kind": "grouped", "width": 4}}, "subnet=vgg", "vgg"),
        ({}, "subnet.inner.kind=vgg", {"inner": {"kind": "vgg"}}),
    ],
)
def test_a_dotted_key_changes_one_value_of_a_table(
    table: dict[str, Any], text: str, subnet: Any
) -> None:
    given = after(table, text)["subnet"]
    assert given == (
        subnet if isinstance(subnet, str) or not table else {"kind": "grouped"} | subnet
    )


def test_settings_are_followed_in_their_order_and_leave_the_table_as_it_was() -> None:
    table: dict[str, Any] = {"values": {"p": 0.5}, "depth": 20}
    given = after(table, "values.p=0.8", "values.q=1", "values.p=0.9", "blocks=2")
    assert given == {"values": {"p": 0.9, "q": 1}, "blocks": 2}
    assert table["values"] == {"p": 0.5}


def test_a_sub_net_without_a_kind_is_the_familys() -> None:
    resnext = {"family": "resnext", "depth": 29, "subnet": {"cardinality": 16}}
    assert read(resnext).kind.model_dump()["cardinality"] == 16
    assert read(resnext).kind.kind == "grouped"
    heads = {"family": "transformer", "depth": 6, "subnets": {"attention": {"heads": 2}}}
    assert {slot: kind.kind for slot, kind in read(heads).kinds.items()} == {
        "attention": "attention",
        "feed_forward": "feed-forward",
    }
    with pytest.raises(TableError, match=r"subnet\.cardinal: no such key; did you mean"):
        build({"family": "resnext", "depth": 29, "subnet": {"cardinal": 16}}, 3, 10)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("subnt.cardinality=3", 'no such key; did you mean "subnet"?'),
        ("model.subnt.cardinality=3", 'did you mean "model.subnet"?'),
        ("subnet.=3", "no such key"),
        ("model.=3", "no such key"),
        ("model.family=x", "write another recipe"),
    ],
)
def test_a_wrong_dotted_key_says_what_was_meant(text: str, message: str) -> None:
    with pytest.raises(SettingError) as wrong:
        settings_of([text], KEYS)
    assert str(wrong.value).startswith(f"--set {text}: ")
    assert message in str(wrong.value)


def test_a_problem_inside_a_key_is_about_the_settings_on_the_way_to_it() -> None:
    settings = tuple(settings_of(["subnet.kind=grouped", "subnet.width=0", "depth=3"], KEYS))
    source = RecipeSource(Path("a.toml"), "[model]\nblocks = 0\n", settings)

    def place(key: str) -> str:
        return str(source.error(TableError([Problem(key, "is wrong")]))).partition(": error")[0]

    assert place("model.subnet.width") == "--set subnet.width=0"
    assert place("model.subnet.expansion") == "--set subnet.kind=grouped, --set subnet.width=0"
    assert place("model.blocks") == "a.toml:2"
    assert isinstance(source.error(TableError([Problem("model", "x")])), SettingError)


TEXT = '''\
title = 1
[model]
scheme = """
method a
depth = 3
"""
"depth" = 4
subnet.kind = "vgg"
values = { p = 1 }

[model.subnets.f]
kind = "vgg"

[ data ]
name = "x"
'''


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("model", 2),
        ("model.scheme", 3),
        ("model.depth", 7),
        ("model.subnet.kind", 8),
        ("model.values.p", 9),
        ("model.subnets.f", 11),
        ("model.subnets.f.kind", 12),
        ("model.subnets.f.width", 11),
        ("model.width", 2),
        ("data.name", 15),
        ("title", 1),
        ("train.lr", 1),
    ],
)
def test_a_key_is_found_where_it_is_written(key: str, line: int) -> None:
    assert line_of(key, TEXT) == line


def test_a_setting_is_what_was_written() -> None:
    assert settings_of(["subnet.width = 4"], KEYS) == [
        Setting("subnet.width = 4", "model", "subnet.width", 4)
    ]
