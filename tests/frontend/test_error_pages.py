"""Every code of the frontend has a section in docs/errors.md whose example raises exactly it."""

import re
from pathlib import Path

import pytest

from butcher.errors import Diagnostic
from butcher.frontend import decode, parse
from butcher.resources import root

PAGES = root("errors.md").read_text("utf-8")
FRONTEND = Path(__file__).parents[2] / "butcher" / "frontend"

SECTION = re.compile(r"^## (B(?!000)[01]\d\d) · [^\n]+\n(.*?)(?=^## |\Z)", re.M | re.S)
SECTIONS = dict(SECTION.findall(PAGES))


def example(section: str) -> bytes:
    """The text of a section's example: a fenced file, or a Python expression that makes one."""
    language, block = re.findall(r"^```(tab|python)\n(.*?)^```$", section, re.M | re.S)[0]
    if language == "tab":
        return str(block).encode()
    made = eval(block, {})  # noqa: S307 - the text of our own documentation
    return made if isinstance(made, bytes) else str(made).encode()


def findings(data: bytes) -> list[Diagnostic]:
    source, found = decode(data, "example.tab")
    return found if source is None else parse(source)[1]


@pytest.mark.parametrize("code", SECTIONS)
def test_the_example_raises_its_code_and_no_other(code: str) -> None:
    found = {d.code for d in findings(example(SECTIONS[code]))}
    if code == "B009":
        found.discard("B150")  # the errors that are too many
    assert found == {code}


def test_every_code_has_a_section_and_every_section_a_code() -> None:
    used = set()
    for file in FRONTEND.glob("*.py"):
        used |= set(re.findall(r'"(B\d\d\d)"', file.read_text("utf-8")))
    assert used == set(SECTIONS)


def test_sections_are_sorted() -> None:
    codes = re.findall(r"^## ([BN]\d\d\d)", PAGES, re.M)
    assert codes == sorted(codes)
