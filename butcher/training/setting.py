"""`--set key=value`: one value of a recipe, given on the command line."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from butcher.models.options import suggestion


class SettingError(Exception):
    """A `--set` that cannot be followed: wrong usage, not a wrong file."""


@dataclass(frozen=True)
class Setting:
    """`table.key = value`, and how it was written."""

    text: str
    table: str
    key: str
    value: Any


def settings_of(texts: Sequence[str], keys: Mapping[str, Sequence[str]]) -> list[Setting]:
    """Each `key=value` as a Setting; `keys` are the known ones of each table."""
    return [_setting(text, keys) for text in texts]


def _setting(text: str, keys: Mapping[str, Sequence[str]]) -> Setting:
    name, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not name:
        raise SettingError(f"--set {text}: write key=value, such as train.epochs=3")
    dotted = [f"{table}.{key}" for table, names in keys.items() for key in names]
    matches = [key for key in dotted if name in {key, key.partition(".")[2]}]
    if not matches:
        known = dotted if "." in name else [key.partition(".")[2] for key in dotted]
        raise SettingError(f"--set {text}: no such key{suggestion(name, known)}")
    if len(matches) > 1:
        raise SettingError(f"--set {text}: write {' or '.join(matches)}")
    table, _, key = matches[0].partition(".")
    if key == "family":
        raise SettingError(f"--set {text}: keys depend on the family; write another recipe")
    return Setting(text, table, key, _value(value))


def _value(text: str) -> Any:
    """A TOML value; what is none, such as a bare word, is the text itself."""
    try:
        return tomllib.loads(f"value = {text}")["value"] if "\n" not in text else text
    except tomllib.TOMLDecodeError:
        return text
