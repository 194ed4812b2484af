"""A page as data: what stands on it, whatever it is written in."""

from __future__ import annotations

from dataclasses import dataclass

from butcher.laboratory.table import Table


@dataclass(frozen=True)
class Heading:
    """Of a section; level 2 is the highest below the title."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    """Sentences."""

    text: str


@dataclass(frozen=True)
class Listing:
    """Lines that stay as they are; `summary` stands above them where a page can fold them."""

    summary: str
    text: str


@dataclass(frozen=True)
class Picture:
    """An SVG; `name` is a word for a file, unique on its page."""

    name: str
    caption: str
    svg: bytes


Part = Heading | Paragraph | Listing | Picture | Table


@dataclass(frozen=True)
class Document:
    """A title and what follows it."""

    title: str
    parts: tuple[Part, ...]
