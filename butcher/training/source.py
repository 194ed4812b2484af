"""The text of a recipe: its tables, the settings given with it, and where a problem stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from butcher.errors import escaped
from butcher.models.options import Problem, TableError
from butcher.training.setting import Setting, SettingError


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

    def error(self, wrong: TableError) -> RecipeError | SettingError:
        """The problems with their places; a SettingError where a setting made one of them."""
        lines, usage = [], False
        for problem in wrong.problems:
            settings = list(self._behind(problem))
            usage |= bool(settings)
            places = [f"--set {setting.text}" for setting in settings]
            place = ", ".join(places) or f"{self.path}:{line_of(problem.key, self.text)}"
            lines.append(escaped(f"{place}: error: {problem.key}: {problem.message}"))
        return (SettingError if usage else RecipeError)("\n".join(lines))

    def _behind(self, problem: Problem) -> Iterable[Setting]:
        """The settings that a problem is about; a whole table's is about all of them in it."""
        table, _, key = problem.key.partition(".")
        key = key.partition(".")[0]
        return (s for s in self.settings if s.table == table and key in {s.key, ""})


def read_source(path: Path) -> RecipeSource:
    """The file's text, which is UTF-8."""
    try:
        return RecipeSource(path, path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as wrong:
        raise RecipeError(escaped(f"{path}: error: not UTF-8 text: {wrong.reason}")) from None


def line_of(key: str, text: str) -> int:
    """Where `table.key` is written, else where its table begins, else 1; counted from 1."""
    table, _, name = key.partition(".")
    name = name.partition(".")[0]
    written = re.compile(rf'\s*["\']?{re.escape(name)}["\']?\s*=')
    current, found = "", 1
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[\s*([\w-]+)\s*\]", line):
            current = header[1]
            found = number if current == table else found
        elif name and current == table and written.match(line):
            return number
    return found
