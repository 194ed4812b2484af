"""Figures of results, in the style of the figures of methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from butcher.figure.file import content
from butcher.figure.style import COLUMN

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Drawing:
    """How a figure of results is drawn.

    draw           puts axes and legends on an empty page, whose layout is constrained.
    width, height  inches; COLUMN and PAGE of `butcher.figure.style` are the widths of papers.
    name           a word for file names; the first figure of several findings may have none.
    """

    draw: Callable[[Figure], None]
    width: float = COLUMN
    height: float = 2.6
    name: str = ""

    def content(self, suffix: str) -> bytes:
        """Of a file .svg, .pdf or .png. Raises UnknownFormatError, MatplotlibMissingError."""
        return content(self._page, suffix)

    def _page(self) -> Figure:
        from matplotlib.figure import Figure

        page = Figure(figsize=(self.width, self.height), layout="constrained")
        self.draw(page)
        return page
