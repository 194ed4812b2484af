"""Regions of absolute stability: { z : every root w of p(w, z) = 0 has |w| <= 1 }."""

from __future__ import annotations

from itertools import pairwise
from math import isqrt
from typing import TYPE_CHECKING

from butcher.figure.growth import affordable, growth
from butcher.figure.method import Method, Polynomial, polynomial
from butcher.figure.plane import area, frame
from butcher.figure.style import colour
from butcher.figure.window import ON_THE_BOUNDARY, Window, boundary, of_region, union

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from butcher.figure.growth import Complex, Real

STABLE = 1e-7
"""Up to here log |w| counts as zero: a double root that is 1 is known to 1e-8."""

_FINEST, _COARSEST = 640, 24
_ASIDE, _LONGEST = 1.5e-4, 4e-2


def window(methods: list[Method]) -> Window:
    return union(of_region(polynomial(method)) for method in methods)


def draw(axes: Axes, methods: list[Method], window: Window) -> None:
    """All regions on one axes."""
    frame(axes, window, methods)
    several = any(len(polynomial(method)) > 2 for method in methods)
    condition = r"\mathrm{all}\ |w(z)| \leq 1" if several else r"|R(z)| \leq 1"
    axes.set_title(f"Stability: ${condition}$")
    for place, method in enumerate(methods):
        p = polynomial(method)
        x, y, values = sampled(p, window)
        area(axes, x, y, values, STABLE, place, many=len(methods) > 1)
        lines = curves(p, window)
        # what lies below is wider, so that it is seen on both sides
        width = 1.8 + 1.2 * min(len(methods) - 1 - place, 3)
        axes.plot(
            lines.real,
            lines.imag,
            color=colour(place),
            linewidth=width,
            solid_capstyle="butt",
            zorder=1.5 + 0.01 * place,
        )


def sampled(p: Polynomial, window: Window) -> tuple[Real, Real, Real]:
    """(x, y, the growth) on a grid over the window, no point of which lies on the real axis.

    The polynomial is real, so the lower half is the upper half once more.
    """
    import numpy as np

    points = affordable(len(p) - 1) if len(p) > 2 else _FINEST**2
    across = max(_COARSEST, min(_FINEST, isqrt(2 * points)))
    up = across // 2
    x = np.linspace(window.left, window.right, across)
    # nor on the imaginary one, where a region may be no more than a line
    x += np.where(np.abs(x) < 1e-9 * window.top, 1e-3 * window.top / across, 0)
    y = (np.arange(up) + 0.5) * window.top / (up - 0.5)
    values = growth(p, x + 1j * y[:, None])
    both = np.concatenate([-y[::-1], y])
    all_x, all_y = np.meshgrid(x, both)
    return all_x, all_y, np.concatenate([values[::-1], values])


def curves(p: Polynomial, window: Window) -> Complex:
    """The parts of the region that are curves without an inside, as the leapfrog's i [-1, 1] is.

    Points of the boundary on both sides of which the method is unstable, joined to those of the
    next angle; nan between two curves.
    """
    import numpy as np

    z = boundary(p)
    found = []
    for here, there in pairwise(z):
        gaps = np.abs(here[:, None] - there[None, :])
        gaps[np.isnan(gaps)] = np.inf
        nearest = gaps.argmin(axis=1)
        joined = gaps.min(axis=1) < _LONGEST * window.top
        ends = there[nearest]
        found.append(np.stack([here, ends, np.full_like(ends, np.nan)], axis=1)[joined])
    pieces = np.concatenate([np.zeros((0, 3), dtype=complex), *found])
    along = pieces[:, 1] - pieces[:, 0]
    normal = 1j * along / np.abs(along)
    middle = (pieces[:, 0] + pieces[:, 1]) / 2
    aside = _ASIDE * window.top * normal
    least = np.minimum(growth(p, middle + aside), growth(p, middle - aside))
    thin = pieces[least > ON_THE_BOUNDARY]
    return np.concatenate([thin.ravel(), thin.conj().ravel()])
