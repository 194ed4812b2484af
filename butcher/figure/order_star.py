"""Order stars: { z : |R(z)| > |e^z| } (Wanner, Hairer, Norsett, BIT 18, 1978).

A method of order p has p + 1 sectors of the star and p + 1 of its complement at the origin. For a
method of several steps |R| is the largest of its roots: all sheets of the star on one.
"""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING, Any

from butcher.figure.growth import affordable, star, zeros
from butcher.figure.method import FigureError, Method, Polynomial, polynomial
from butcher.figure.plane import area, frame
from butcher.figure.style import colour
from butcher.figure.window import Window, around, of_region, size_of, union

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from butcher.figure.growth import Complex, Real

_ANGLES, _RADII = 360, 260
_INNERMOST = 1e-4

POLE: dict[str, Any] = {"marker": "x", "markersize": 4}
ZERO: dict[str, Any] = {"marker": "o", "markersize": 3.5, "markerfacecolor": "white"}


def has_star(method: Method) -> bool:
    """Whether e^z is the one thing that its roots are compared with."""
    return method.characteristic is not None and not method.characteristic.is_oscillator


def window(methods: list[Method]) -> Window:
    if not all(map(has_star, methods)):
        raise FigureError("an order star compares with e^z, but an oscillator has e^-z as well")
    return union(_window(polynomial(method)) for method in methods)


def _window(p: Polynomial) -> Window:
    """Around the origin, with the poles and zeros: each bounded sector holds one of them."""
    if len(p) == 2:
        return around(1.5 * size_of([p[0], p[-1]]))
    if len(p[-1]) > 1:
        return around(2 * size_of([p[-1]]))
    region = of_region(p)
    return around(1.2 * max(region.right, -region.left, region.top))


def draw(axes: Axes, methods: list[Method], window: Window) -> None:
    """All stars on one axes; poles are crosses, zeros circles."""
    frame(axes, window, methods)
    several = any(len(polynomial(method)) > 2 for method in methods)
    left = r"\max\,|w(z)|" if several else "|R(z)|"
    axes.set_title(f"Order star: ${left} > |e^z|$")
    for place, method in enumerate(methods):
        p = polynomial(method)
        x, y, values = sampled(p, method.order, window)
        area(axes, x, y, -values, 0.0, place, many=len(methods) > 1)
        for z, style in zip(poles_and_zeros(p), (POLE, ZERO), strict=True):
            axes.plot(z.real, z.imag, color=colour(place), linestyle="", **style)


def poles_and_zeros(p: Polynomial) -> tuple[Complex, Complex]:
    """Where a root w is infinite; where the one root of a one-step method is zero."""
    null = zeros(p[0])
    return zeros(p[-1]), null if len(p) == 2 else null[:0]


def sampled(p: Polynomial, order: int | None, window: Window) -> tuple[Real, Real, Real]:
    """(x, y, log |R e^-z|) on a grid of rays from the origin, on which its sectors are sharp."""
    import numpy as np

    points = affordable(len(p) - 1) if len(p) > 2 else _ANGLES * _RADII
    share = min(1.0, isqrt(points) / isqrt(_ANGLES * _RADII))
    corner = 1.01 * abs(complex(max(-window.left, window.right), window.top))
    radii = corner * np.linspace(_INNERMOST, 1, max(24, int(share * _RADII))) ** 1.5
    angles = np.linspace(0, np.pi, max(24, int(share * _ANGLES)))
    values = star(p, order, radii[:, None] * np.exp(1j * angles))
    all_around = np.concatenate([angles, 2 * np.pi - angles[-2::-1]])
    z = radii[:, None] * np.exp(1j * all_around)
    return z.real, z.imag, np.concatenate([values, values[:, -2::-1]], axis=1)
