"""A finding as a person reads it: the place, the line, carets under what is meant."""

import pytest

from butcher.errors import error, escaped, render
from butcher.source import Source, Span


def excerpt(text: str, span: Span) -> list[str]:
    return render(error("B121", span, "found"), Source("x.tab", text)).split("\n")[1:3]


def test_carets_stand_under_the_span_also_behind_and_over_tabs() -> None:
    assert excerpt("a\tb\tc\td", Span(1, 3, 1, 6)) == ["    a b c d", "      ^^^"]


def test_of_a_wide_line_the_part_around_the_span_is_shown() -> None:
    line, carets = excerpt("-" * 300 + "wrong" + "-" * 300, Span(1, 301, 1, 306))
    assert len(line) == 4 + 120
    assert line[carets.index("^") : carets.rindex("^") + 1] == "wrong"


@pytest.mark.parametrize(
    ("character", "shown"),
    [("\x1b", r"\x1b"), ("\u202e", r"\u202e"), ("\U000e0001", r"\U000e0001"), ("é", "é")],
)
def test_what_cannot_be_seen_is_shown_escaped(character: str, shown: str) -> None:
    assert escaped(f"a{character}b") == f"a{shown}b"
