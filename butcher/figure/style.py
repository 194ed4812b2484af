"""How figures look: sizes for a column of a paper, lines that survive a grey print, titles."""

from __future__ import annotations

from typing import Any, Literal

from butcher.errors import escaped

COLUMN = 3.4
"""Inches: the column of a paper; figures of several panels have two of them and the gap."""
PAGE = 7.0
DOTS_PER_INCH = 300

Dash = tuple[float, tuple[float, ...]] | Literal["-"]

# Okabe and Ito (2008), told apart by readers with any colour vision; yellow, which is too light
# for a line, is left out, and dark and light take turns for a grey print.
COLOURS = ("#0072B2", "#D55E00", "#000000", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
DASHES: tuple[Dash, ...] = (
    "-",
    (0, (5, 1.5)),
    (0, (5, 1.5, 1, 1.5)),
    (0, (1.2, 1.2)),
    (0, (9, 2)),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "h", "d", "*")
MOST_METHODS = len(MARKERS)
"""On one axes; with more no reader tells them apart."""

FONTS = ["STIXGeneral", "DejaVu Sans"]
GREY = "#666666"

SETTINGS: dict[Any, Any] = {
    "font.family": FONTS,
    "font.size": 8,
    "mathtext.fontset": "stix",
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "axes.linewidth": 0.6,
    "axes.unicode_minus": True,
    "axes.formatter.use_mathtext": True,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.linewidth": 1.1,
    # the same bytes for the same figure, and text that a reader can select
    "svg.hashsalt": "butcher",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
}


def colour(place: int) -> str:
    """Of the method at this place, counted from 0."""
    return COLOURS[place % len(COLOURS)]


def dash(place: int) -> Dash:
    return DASHES[place % len(DASHES)]


def label(title: str, order: int | None, width: float) -> str:
    """`Classical Runge-Kutta, order 4`, at most `width` points wide: the title is cut."""
    plain = "".join(c if _is_drawn(c) else _named(c) for c in escaped(title[:500]))
    tail = "" if order is None else f", order {order}" if plain else f"order {order}"
    if _width(plain + tail) <= width and len(title) <= 500:
        return plain + tail
    end = len(plain)
    while end and _width(plain[:end] + "…" + tail) > width:
        end -= 1 if end < 100 else end // 10
    return plain[:end].rstrip() + "…" + tail


def _is_drawn(character: str) -> bool:
    """Whether one of the fonts has it; what comes with matplotlib has no Chinese, for instance."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return any(
        get_font(findfont(FontProperties(family=family))).get_char_index(ord(character))
        for family in FONTS
    )


def _named(character: str) -> str:
    return f"\\u{ord(character):04x}" if ord(character) < 1 << 16 else f"\\U{ord(character):08x}"


def _width(text: str) -> float:
    """In points, in the size of a legend."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=FONTS, size=SETTINGS["legend.fontsize"])
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width)
