"""The page: panels side by side, the legend below them, and the file as bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

from butcher.figure import convergence, order_star, stability
from butcher.figure.file import content
from butcher.figure.method import FigureError, Method, polynomial
from butcher.figure.plane import alpha
from butcher.figure.style import (
    COLUMN,
    GREY,
    MARKERS,
    MOST_METHODS,
    PAGE,
    colour,
    dash,
    label,
)
from butcher.figure.window import Window

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Kind = Literal["stability", "order-star", "convergence"]
KINDS: tuple[Kind, ...] = get_args(Kind)

# inches
_LEFT, _RIGHT, _TOP, _BOTTOM = 0.56, 0.08, 0.26, 0.42
_ENTRY, _HANDLE, _POINTS = 0.155, 0.45, 72
_LOWEST, _HIGHEST = 0.7, 1.2
"""Of height over width of a panel."""


def default_kinds(methods: Sequence[Method]) -> tuple[Kind, ...]:
    """Regions of stability, and order stars where all methods have one."""
    stars = all(map(order_star.has_star, methods))
    return ("stability", "order-star") if stars else ("stability",)


def figure(methods: Sequence[Method], suffix: str, kinds: Sequence[Kind] = ()) -> bytes:
    """The content of a file with this suffix: a panel for each kind, all methods in each.

    The same bytes for the same input and one version of matplotlib, whatever its configuration.

    Raises UnknownFormatError, FigureError for what cannot be drawn, MatplotlibMissingError.
    """
    if not 0 < len(methods) <= MOST_METHODS:
        raise FigureError(f"a figure shows 1 to {MOST_METHODS} methods, not {len(methods)}")
    panels = tuple(dict.fromkeys(kinds)) or default_kinds(methods)
    if unknown := [kind for kind in panels if kind not in KINDS]:
        raise FigureError(f"a plot is of the kind {', '.join(KINDS)}, not {unknown[0]}")
    return content(lambda: _page(list(methods), panels), suffix)


def _page(methods: list[Method], kinds: tuple[Kind, ...]) -> Figure:
    from matplotlib.figure import Figure

    windows = {kind: _window(kind, methods) for kind in kinds}
    aspects = [window.aspect for window in windows.values() if window]
    aspect = min(max([_LOWEST, *aspects]), _HIGHEST)
    width = COLUMN if len(kinds) == 1 else PAGE
    panel = width / len(kinds)
    inner = panel - _LEFT - _RIGHT
    columns = 1 if len(kinds) == 1 else 2
    entries = _entries(methods, kinds, _POINTS * (width / columns - _HANDLE - 0.2))
    below = 0.08 + _ENTRY * -(-len(entries) // columns)
    height = _TOP + inner * aspect + _BOTTOM + below
    page = Figure(figsize=(width, height))
    for place, kind in enumerate(kinds):
        left = (place * panel + _LEFT) / width
        size = inner / width, inner * aspect / height
        axes = page.add_axes((left, (below + _BOTTOM) / height, *size))
        _draw(axes, kind, methods, windows[kind], aspect)
    _legend(page, entries, columns)
    return page


def _window(kind: Kind, methods: list[Method]) -> Window | None:
    """What a panel shows of the plane, if it shows that."""
    if kind == "convergence":
        return None
    if kind == "stability":
        return stability.window(methods)
    return order_star.window(methods)


def _draw(
    axes: Axes, kind: Kind, methods: list[Method], window: Window | None, aspect: float
) -> None:
    if window is None:
        convergence.draw(axes, methods)
    elif kind == "stability":
        stability.draw(axes, methods, window.of_aspect(aspect))
    else:
        order_star.draw(axes, methods, window.of_aspect(aspect))


def _entries(methods: list[Method], kinds: tuple[Kind, ...], width: float) -> list[tuple[Any, str]]:
    """(what stands for it, its text), the text at most `width` points wide."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    found: list[tuple[Any, str]] = []
    for place, method in enumerate(methods):
        fill = Patch(facecolor=colour(place), alpha=2 * alpha(len(methods) > 1), linewidth=0)
        marker = MARKERS[place] if "convergence" in kinds else None
        line = Line2D(
            [], [], color=colour(place), linestyle=dash(place), marker=marker, markersize=3.5
        )
        handle: Any = line if kinds == ("convergence",) else (fill, line)
        found.append((handle, label(method.title, method.order, width)))
    if "order-star" in kinds:
        drawn = [order_star.poles_and_zeros(polynomial(method)) for method in methods]
        for which, name in enumerate(("poles", "zeros")):
            if any(pair[which].size for pair in drawn):
                style = (order_star.POLE, order_star.ZERO)[which]
                found.append((Line2D([], [], color=GREY, linestyle="", **style), name))
    return found


def _legend(page: Figure, entries: list[tuple[Any, str]], columns: int) -> None:
    handles, labels = [handle for handle, _ in entries], [text for _, text in entries]
    legend = page.legend(
        handles,
        labels,
        loc="lower center",
        ncols=columns,
        handlelength=2.6,
        labelspacing=0.35,
        borderaxespad=0.3,
    )
    for text in legend.get_texts():
        # a title is text: a $ or _ in it means itself
        text.set_parse_math(False)
