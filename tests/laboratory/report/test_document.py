"""A page as HTML and as Markdown: the same words, none of them markup."""

import re
from base64 import b64decode
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from butcher.laboratory.findings import Findings, write
from butcher.laboratory.plot import Drawing
from butcher.laboratory.report.document import Document, Heading, Listing, Paragraph, Picture
from butcher.laboratory.report.found import found_in
from butcher.laboratory.report.html import html
from butcher.laboratory.report.markdown import markdown, pictures
from butcher.laboratory.statistic import mean_of
from butcher.laboratory.table import Table

EVIL = '<script>alert("1")</script> & *b* `c` [d](e)'
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
TABLE = Table(EVIL, (EVIL, "%"), ((EVIL, mean_of([0.1, 0.2])), ("b", 3)), (EVIL,))
DOCUMENT = Document(
    EVIL,
    (
        Heading(EVIL),
        Paragraph(EVIL),
        Listing(EVIL, f"````\n{EVIL}\n"),
        TABLE,
        Picture("curves", EVIL, SVG),
    ),
)
VOID = {"meta", "img"}


class Reader(HTMLParser):
    """Tags that were opened and closed in order, and the text between them."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.sources: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_is_whole_and_what_stands_in_it_is_text() -> None:
    reader = Reader()
    reader.feed(html(DOCUMENT))
    reader.close()
    assert reader.open == []
    assert "script" not in reader.seen
    assert reader.text.count(EVIL) >= 7
    assert {"h1", "h2", "table", "pre", "img"} <= set(reader.seen)


def test_html_needs_no_other_file() -> None:
    reader = Reader()
    reader.feed(html(DOCUMENT))
    (source,) = reader.sources
    kind, _, data = source.partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert b64decode(data) == SVG
    assert "@import" not in html(DOCUMENT)
    assert "url(" not in html(DOCUMENT)


def test_markdown_shows_the_same_words() -> None:
    text = markdown(DOCUMENT, "page")
    shown = MarkdownIt("commonmark").enable("table").render(text)
    assert "<script>" not in shown
    assert "<em>b</em>" not in re.sub("<em>.*?</em>", "", shown.replace("<em>b</em>", "!!"))
    reader = Reader()
    reader.feed(shown)
    assert reader.sources == ["page/curves.svg"]
    assert reader.text.count("<script>") >= 6
    assert list(pictures(DOCUMENT)) == [("curves.svg", SVG)]


def test_a_fence_is_longer_than_any_in_the_text() -> None:
    text = markdown(Document("", (Listing("a", "```\n````"),)), "")
    assert text.count("`````") == 2


def test_findings_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    def draw(page: object) -> None:
        page.subplots().plot([0, 1])  # type: ignore[attr-defined]

    written = Findings("compare", "Two", (TABLE,), (Drawing(draw),), {}, ("Remark.",))
    write(written, tmp_path)
    (tmp_path / "other.json").write_text("[1]")
    (tmp_path / "broken.json").write_text("{")
    (found,) = found_in(tmp_path)
    assert (found.name, found.title, found.remarks) == ("compare", "Two", ("Remark.",))
    assert found.tables == (TABLE,)
    (picture,) = found.pictures
    assert picture.svg == (tmp_path / "compare.svg").read_bytes()


@pytest.mark.parametrize(
    "figure", ["../secret", "/etc/passwd"], ids=["a folder above", "another root"]
)
def test_a_picture_comes_from_beside_the_findings_only(tmp_path: Path, figure: str) -> None:
    inside = tmp_path / "in"
    write(Findings("compare", "Two", (), (), {}), inside)
    path = inside / "compare.json"
    (tmp_path / "secret.svg").write_bytes(SVG)
    path.write_text(path.read_text().replace('"figures": []', f'"figures": ["{figure}"]'))
    (found,) = found_in(inside)
    assert found.pictures == ()
