"""What every picture of the plane of z has: its frame, and areas with a line around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from butcher.analysis.linear.characteristic import PARTITIONED, SECOND_ORDER, UNSCALED, Equation
from butcher.figure.method import Method
from butcher.figure.style import GREY, colour, dash
from butcher.figure.window import Window

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from butcher.figure.growth import Real

_SHOWN: dict[Equation, str] = {
    SECOND_ORDER: r"$,\quad u″ = \lambda^2 u$",
    PARTITIONED: r"$,\quad x′ = \lambda y,\ y′ = \lambda x$",
    UNSCALED: r"$,\quad h = 1$",
}

_ALPHA, _ALPHA_OF_MANY = 0.22, 0.09


def frame(axes: Axes, window: Window, methods: list[Method]) -> None:
    """Limits, both axes through the origin, and what z is."""
    from matplotlib.ticker import MaxNLocator

    axes.set_xlim(window.left, window.right)
    axes.set_ylim(-window.top, window.top)
    axes.set_aspect("equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10], min_n_ticks=4))
    axes.axhline(0, color=GREY, linewidth=0.5, zorder=0.9)
    axes.axvline(0, color=GREY, linewidth=0.5, zorder=0.9)
    axes.set_xlabel(r"$\mathrm{Re}\,z,\quad z = h\lambda$" + problem(methods))
    axes.set_ylabel(r"$\mathrm{Im}\,z$")


def problem(methods: list[Method]) -> str:
    """What all methods are tried on, as `, u'' = lambda^2 u`; nothing where it is u' = lambda u."""
    found = {method.characteristic.test_equation for method in methods if method.characteristic}
    shown = {_SHOWN.get(equation, "") for equation in found}
    return shown.pop() if len(shown) == 1 else ""


def area(axes: Axes, x: Real, y: Real, values: Real, level: float, place: int, many: bool) -> None:
    """Where values <= level: a light fill, and a clear line around it. x and y as the values."""
    lowest = float(values.min()) - 1
    if not values.min() <= level:
        return
    fill = axes.contourf(x, y, values, [lowest, level], colors=[colour(place)], alpha=alpha(many))
    fill.set_zorder(0.5)
    if values.max() > level:
        line = axes.contour(x, y, values, [level], colors=[colour(place)])
        line.set(linestyle=dash(place), linewidth=1.1, zorder=2 + 0.01 * place)


def alpha(many: bool) -> float:
    """How opaque a fill is; lighter where several lie on each other."""
    return _ALPHA_OF_MANY if many else _ALPHA
