"""docs/models.md names everything that a `[model]` table can say."""

import re
from pathlib import Path

import pytest

from butcher.models.family import FAMILIES
from butcher.models.model import ModelOptions
from butcher.models.starts import STARTS
from butcher.models.stems import STEMS
from butcher.models.transitions import TRANSITIONS

PAGE = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")


def first_cells(title: str) -> set[str]:
    """The names in the first column of the table under `title`."""
    section = PAGE.split(f"## {title}\n")[1].split("\n## ")[0]
    _, _, section = section.partition("| --- |")
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("Keys", ModelOptions.model_fields),
        ("Families", FAMILIES),
        ("Transitions", TRANSITIONS),
        ("Starts", STARTS),
        ("Stems", STEMS),
    ],
)
def test_every_name_has_its_row_and_no_other(title: str, names: dict[str, object]) -> None:
    assert first_cells(title) == set(names)
