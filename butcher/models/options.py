"""Tables of a recipe, read by pydantic, and what is wrong with one, said to a person."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError


class Options(BaseModel):
    """One table. Strict: `"3"` is no number, an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


@dataclass(frozen=True)
class Problem:
    """One finding: the dotted key it is about (`model.depth`), and what to do."""

    key: str
    message: str


class TableError(ValueError):
    """A table holds what it cannot hold. `problems` has everything found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{p.key}: {p.message}" for p in self.problems))

    def __reduce__(self) -> tuple[type[TableError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


T = TypeVar("T", bound=Options)


def checked(options: type[T], table: Mapping[str, Any], name: str) -> T:
    """`table`, the one called `name`, as `options`; every wrong key in one TableError."""
    try:
        return options.model_validate(dict(table))
    except ValidationError as wrong:
        fields = list(options.model_fields)
        found: dict[tuple[str, ...], list[str]] = {}
        for error in wrong.errors(include_url=False):
            found.setdefault(_path(error, table), []).append(_said(error, fields))
        inner = {path[:depth] for path in found for depth in range(len(path))}
        raise TableError(
            Problem(".".join([name, *path]), _one_of_these(said))
            for path, said in found.items()
            if path not in inner
        ) from None


def _path(error: Mapping[str, Any], table: Mapping[str, Any]) -> tuple[str, ...]:
    """Where in `table` the error is; pydantic also names the alternative that did not fit."""
    value: Any = table
    path: list[str] = []
    for part in error["loc"]:
        in_table = isinstance(value, Mapping) and part in value
        if in_table or (isinstance(value, list) and isinstance(part, int)):
            value = value[part]
            path.append(str(part))
        elif error["type"] == "missing":
            path.append(str(part))
    return tuple(path)


def _one_of_these(said: list[str]) -> str:
    """`"x": should be a valid integer, or a valid list`, of alternatives none of which fits."""
    first, *others = said
    return first + "".join(f", or {other.rpartition(': should be ')[2]}" for other in others)


def one_of(names: Iterable[str]) -> Callable[[str], str]:
    """A validator: the value is one of `names`, read when it is needed."""

    def check(value: str) -> str:
        if value not in (known := list(names)):
            raise ValueError(f"is not known{suggestion(value, known)}")
        return value

    return check


def suggestion(word: object, known: Iterable[str]) -> str:
    """`; did you mean "vgg"? Known: vgg, preact`."""
    names = list(known)
    near = get_close_matches(str(word), names, n=1)
    meant = f'; did you mean "{near[0]}"? Known' if near else "; known"
    return f"{meant}: {', '.join(names)}"


def shown(value: object) -> str:
    """A value as TOML writes it, near enough for a message."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _said(error: Mapping[str, Any], fields: list[str]) -> str:
    """What is wrong at one place; `error` is an entry of ValidationError.errors()."""
    kind, value = error["type"], shown(error["input"])
    if kind == "extra_forbidden":
        return f"no such key{suggestion(error['loc'][-1], fields)}"
    if kind == "missing":
        return "is missing"
    if kind == "literal_error":
        return f"{value} is not known; expected {error['ctx']['expected']}"
    if kind == "value_error":
        reason = str(error["ctx"]["error"])
        return reason if isinstance(error["input"], Mapping) else f"{value} {reason}"
    message = error["msg"].removeprefix("Input ")
    return f"{value}: {message}"
