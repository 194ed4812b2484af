"""Tables as TOML: what the standard library reads, and does not write."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any


def written(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Each table under its heading, a line a key; tables inside one stand in braces.

    Values are strings, numbers, booleans, lists and mappings of these.
    """
    return "\n".join(
        f"[{_key(name)}]\n" + "".join(f"{_key(key)} = {_long(value)}\n" for key, value in t.items())
        for name, t in tables.items()
    )


def _long(value: Any) -> str:
    """A value that may take several lines: a text of several lines keeps them."""
    if isinstance(value, str) and "\n" in value:
        lines = (_inner(line) for line in value.split("\n"))
        return '"""\n' + "\n".join(lines) + '"""'
    return _value(value)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{_inner(value)}"'
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # inf, -inf, nan: TOML's words, too
    if isinstance(value, int | float):
        return repr(value)
    raise TypeError(f"TOML has no value for {value!r}")


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{_inner(name)}"'


def _inner(text: str) -> str:
    """The text between two quotes: JSON's escapes are TOML's, and TOML forbids one more."""
    return json.dumps(text, ensure_ascii=False)[1:-1].replace("\x7f", "\\u007f")
