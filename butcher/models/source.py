"""The text of a TOML file: its tables, the settings given with it, and where a problem stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from butcher.errors import escaped
from butcher.models.options import Problem, TableError
from butcher.models.setting import Setting, SettingError

LARGEST_FILE = 1 << 20
"""Bytes."""


class RecipeError(Exception):
    """A recipe says what none can say. One line a finding: file, line, key, expectation."""


@dataclass(frozen=True)
class RecipeSource:
    """A recipe's file and the settings that replace some of it."""

    path: Path
    text: str
    settings: tuple[Setting, ...] = ()

    def tables(self) -> dict[str, Any]:
        """The file as TOML, without the settings."""
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as wrong:
            message = str(wrong)
            place = str(self.path)
            if where := re.search(r" \(at line (\d+), column (\d+)\)$", message):
                place, message = f"{place}:{where[1]}:{where[2]}", message[: where.start()]
            raise RecipeError(escaped(f"{place}: error: not TOML: {message}")) from None
        except (ValueError, RecursionError):
            message = "a number of more than 4,300 digits, or brackets in brackets without end"
            raise RecipeError(escaped(f"{self.path}: error: not TOML: {message}")) from None

    def error(self, wrong: TableError) -> RecipeError | SettingError:
        """The problems with their places; a SettingError where a setting made one of them."""
        lines, usage = [], False
        for problem in wrong.problems:
            settings = self._behind(problem)
            usage |= bool(settings)
            places = [f"--set {setting.text}" for setting in settings]
            place = ", ".join(places) or f"{self.path}:{line_of(problem.key, self.text)}"
            lines.append(escaped(f"{place}: error: {problem.key}: {problem.message}"))
        return (SettingError if usage else RecipeError)("\n".join(lines))

    def _behind(self, problem: Problem) -> list[Setting]:
        """The settings that a problem is about; a whole table's is about all of them in it.

        Of several settings inside one key, such as `subnet`, those on the way to the problem.
        """
        table, *path = problem.key.split(".")
        found = [s for s in self.settings if s.table == table and path[:1] in ([], s.path[:1])]
        on_the_way = [s for s in found if all(a == b for a, b in zip(s.path, path, strict=False))]
        return on_the_way or found


def read_source(path: Path) -> RecipeSource:
    """The file's text, which is UTF-8."""
    return source_of(path.read_bytes(), path)


def source_of(data: bytes, path: Path) -> RecipeSource:
    """The text of a file's content; `path` is what errors call it."""
    if len(data) > LARGEST_FILE:
        raise RecipeError(escaped(f"{path}: error: the file is larger than 1 MiB, the limit"))
    try:
        return RecipeSource(path, data.decode("utf-8-sig"))  # some editors write the mark
    except UnicodeDecodeError as wrong:
        raise RecipeError(escaped(f"{path}: error: not UTF-8 text: {wrong.reason}")) from None


def table_of(tables: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A table of the file; of none the empty one."""
    table = tables.get(name, {})
    if not isinstance(table, dict):
        raise TableError([Problem(name, f"is a table: write [{name}] above its keys")])
    return dict(table)


# --------------------------------------------------------------------------- lines


def line_of(key: str, text: str) -> int:
    """Where `table.key` is written, else the key or the table that it would be in, else 1.

    Counted from 1.
    """
    path = key.split(".")
    found, depth = 1, 0
    for number, written in _written(text):
        common = len(written) if written == path[: len(written)] else 0
        if common > depth:
            found, depth = number, common
    return found


def _written(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each line that names a table or a key: its number, and the whole path that it names."""
    table: list[str] = []
    for number, line in enumerate(_without_long_texts(text).splitlines(), start=1):
        if header := re.match(r"\s*\[\s*([^\[\]]+?)\s*\]", line):
            table = _parts(header[1])
            yield number, table
        elif key := re.match(r"\s*([\w\-.\"' ]+?)\s*=", line):
            yield number, [*table, *_parts(key[1])]


def _parts(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]


def _without_long_texts(text: str) -> str:
    """What stands between three quotes, such as a scheme, has no keys; lines stay lines."""

    def emptied(long: re.Match[str]) -> str:
        return '""' + "\n" * long[0].count("\n")

    return re.sub(r"\"\"\".*?\"\"\"|'''.*?'''", emptied, text, flags=re.S)
