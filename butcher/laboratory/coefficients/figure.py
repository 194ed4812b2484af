"""Trained numbers over the epochs, and at the end over the blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from butcher.figure.style import COLUMN, GREY, MARKERS, PAGE, colour
from butcher.laboratory.coefficients.band import Band, ends
from butcher.laboratory.coefficients.history import History, Key
from butcher.laboratory.marks import as_text, whole_numbers
from butcher.laboratory.plot import Drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANEL = 2.1
"""Inches, of a row of panels."""
BAND = "#009E73"


def base(name: str) -> str:
    """`h` of `h[3]`, `a` of `a mean`: what is drawn on one axes."""
    return name.partition("[")[0].partition(" ")[0]


def over_epochs(histories: Sequence[History], symbol: str, band: Band | None) -> Drawing:
    """A panel for each recipe: a line for each number, coloured by the block."""
    own = [history for history in histories if any(base(n) == symbol for n in history.names)]

    def draw(page: Figure) -> None:
        from matplotlib import colormaps
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize
        from matplotlib.ticker import MaxNLocator

        panels = page.subplots(1, len(own), squeeze=False, sharey=True)[0]
        last = max(block for history in own for block, _ in _keys(history, symbol))
        scale, tint = Normalize(1, max(2, last)), colormaps["viridis"]
        for axes, history in zip(panels, own, strict=True):
            for key in _keys(history, symbol):
                means = history.mean_over_epochs(key)
                axes.plot(range(len(means)), means, color=tint(scale(key[0])), linewidth=0.9)
            _shade(axes, band)
            axes.set_xlim(0, None)
            whole_numbers(axes)
            axes.set_xlabel("epoch")
            _titled(axes, history, len(own))
        panels[0].set_ylabel(f"${symbol}$")
        bar = ScalarMappable(scale, tint)
        page.colorbar(bar, ax=panels, label="block", pad=0.02, ticks=MaxNLocator(integer=True))

    return Drawing(draw, _width(own), PANEL + 0.3, name=f"{symbol}-epochs")


def over_blocks(histories: Sequence[History], symbol: str, band: Band | None) -> Drawing:
    """The values at the end with their intervals, one colour and mark a recipe."""
    own = [history for history in histories if any(base(n) == symbol for n in history.names)]

    def draw(page: Figure) -> None:
        axes = page.subplots()
        for place, history in enumerate(own):
            _dots(axes, place, history, symbol, len(own))
        _shade(axes, band)
        axes.set_xlabel("block")
        axes.set_ylabel(f"${symbol}$ at the end")
        whole_numbers(axes)
        if len(own) > 1:
            as_text(axes.legend().get_texts())

    return Drawing(draw, COLUMN if len(own) == 1 else PAGE, PANEL + 0.4, name=f"{symbol}-blocks")


def _dots(axes: Axes, place: int, history: History, symbol: str, recipes: int) -> None:
    """Numbers of one block stand side by side: its stages, and those of other recipes."""
    keys = _keys(history, symbol)
    stages = list(dict.fromkeys(name for _, name in keys))
    side = recipes * len(stages)
    style: dict[str, Any] = {
        "color": colour(place),
        "marker": MARKERS[place % len(MARKERS)],
        "linestyle": "none",
        "markersize": 3.5,
        "capsize": 1.5,
        "linewidth": 0.8,
        "label": history.label,
    }
    found = [history.end(key) for key in keys]
    offsets = [(stages.index(name) * recipes + place + 0.5) / side - 0.5 for _, name in keys]
    at = [block + 0.7 * offset for (block, _), offset in zip(keys, offsets, strict=True)]
    bars = [[e.mean - e.low for e in found], [e.high - e.mean for e in found]]
    known = all(e.is_interval for e in found)
    axes.errorbar(at, [e.mean for e in found], yerr=bars if known else None, **style)


def _keys(history: History, symbol: str) -> list[Key]:
    return [key for key in history.values if base(key[1]) == symbol]


def _shade(axes: Axes, band: Band | None) -> None:
    """The zero-stable band, as far as the values reach or a little beyond its ends."""
    low, high = axes.get_ylim()
    axes.axhline(0, color=GREY, linewidth=0.5)
    if band is not None:
        bounds = [float(e) for i in band.intervals for e in (i.low, i.high) if e is not None]
        low, high = min([low, *(b - 0.1 for b in bounds)]), max([high, *(b + 0.1 for b in bounds)])
        for left, right in ends(band, low, high):
            axes.axhspan(left, right, color=BAND, alpha=0.12, linewidth=0, zorder=0)
    axes.set_ylim(low, high)


def _titled(axes: Axes, history: History, panels: int) -> None:
    if panels > 1:
        as_text([axes.set_title(history.label, loc="left")])


def _width(panels: Sequence[History]) -> float:
    return COLUMN if len(panels) == 1 else PAGE
