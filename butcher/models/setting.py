"""`--set key=value`: one value of a TOML file, given on the command line."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from butcher.models.model import without_alternatives
from butcher.models.options import suggestion


class SettingError(Exception):
    """A `--set` that cannot be followed: wrong usage, not a wrong file."""


@dataclass(frozen=True)
class Setting:
    """`table.key = value`, and how it was written. The key may be dotted: `subnet.cardinality`."""

    text: str
    table: str
    key: str
    value: Any

    @property
    def path(self) -> list[str]:
        """The parts of the key."""
        return self.key.split(".")


def settings_of(texts: Sequence[str], keys: Mapping[str, Sequence[str]]) -> list[Setting]:
    """Each `key=value` as a Setting; `keys` are the known ones of each table."""
    return [_setting(text, keys) for text in texts]


def apply(sections: dict[str, dict[str, Any]], settings: Sequence[Setting]) -> None:
    """Write the settings into the tables; what the file's `[model]` says otherwise goes."""
    given = {setting.key for setting in settings if setting.table == "model"}
    sections["model"] = without_alternatives(sections["model"], given)
    for setting in settings:
        table = sections[setting.table]
        sections[setting.table] = _written(table, setting.path, setting.value)


def _written(table: Mapping[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    """`table` with `value` at `path`; a word on the way, `subnet = "vgg"`, is `{kind = "vgg"}`."""
    first, *rest = path
    if rest:
        inner = table.get(first, {})
        if not isinstance(inner, Mapping):
            inner = {"kind": inner}
        value = _written(inner, rest, value)
    return {**table, first: value}


def _setting(text: str, keys: Mapping[str, Sequence[str]]) -> Setting:
    name, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not name:
        raise SettingError(f"--set {text}: write key=value, such as train.epochs=3")
    matches = list(dict.fromkeys(_matches(name, keys)))
    if not matches:
        raise SettingError(f"--set {text}: no such key{_near(name, keys)}")
    if len(matches) > 1:
        places = " or ".join(f"{table}.{key}" for table, key in matches)
        raise SettingError(f"--set {text}: write {places}")
    ((table, key),) = matches
    if key == "family":
        raise SettingError(f"--set {text}: keys depend on the family; write another recipe")
    return Setting(text, table, key, _value(value))


def _matches(name: str, keys: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """The tables, and the keys in them, that `name` may mean: with or without its table."""
    first, _, rest = name.partition(".")
    with_table = [(first, rest)] if rest and first in keys else []
    found = [*with_table, *((table, name) for table in keys)]
    return [
        (table, key)
        for table, key in found
        if key.partition(".")[0] in keys[table] and all(key.split("."))
    ]


def _near(name: str, keys: Mapping[str, Sequence[str]]) -> str:
    """What may have been meant, with its table where `name` has one."""
    first, _, rest = name.partition(".")
    if rest and get_close_matches(first, keys, n=1):
        word = f"{first}.{rest.partition('.')[0]}"
        return suggestion(word, [f"{table}.{key}" for table in keys for key in keys[table]])
    return suggestion(first, [key for names in keys.values() for key in names])


def _value(text: str) -> Any:
    """A TOML value; what is none, such as a bare word, is the text itself."""
    try:
        return tomllib.loads(f"value = {text}")["value"] if "\n" not in text else text
    except (ValueError, RecursionError):  # no TOML, or a number of thousands of digits
        return text
