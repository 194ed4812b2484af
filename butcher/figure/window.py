"""Which part of the plane of z a figure shows; always as far down as up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from butcher.figure.growth import growth, locus, zeros
from butcher.figure.method import Polynomial

if TYPE_CHECKING:
    from butcher.figure.growth import Complex, Real

ON_THE_BOUNDARY = 1e-5
"""Of log |w|, where one root is known to have |w| = 1; a double one is known to 1e-8."""

_GAP = 1.8
"""What is that many times as far out as all the rest is not waited for."""
_UNBOUNDED = 30.0
"""Times the median of a boundary's points: this one goes to infinity."""

_SMALLEST, _LARGEST = 1e-100, 1e100


@dataclass(frozen=True)
class Window:
    """left <= Re z <= right, |Im z| <= top."""

    left: float
    right: float
    top: float

    @property
    def aspect(self) -> float:
        """Height over width."""
        return 2 * self.top / (self.right - self.left)

    def of_aspect(self, aspect: float) -> Window:
        """The smallest window of this aspect around it."""
        if aspect > self.aspect:
            return Window(self.left, self.right, aspect * (self.right - self.left) / 2)
        more = (2 * self.top / aspect - (self.right - self.left)) / 2
        return Window(self.left - more, self.right + more, self.top)


def union(windows: Iterable[Window]) -> Window:
    """The smallest window that holds them all."""
    found = list(windows)
    return Window(
        min(one.left for one in found),
        max(one.right for one in found),
        max(one.top for one in found),
    )


@lru_cache(maxsize=64)
def boundary(p: Polynomial) -> Complex:
    """The points of the locus that bound the region of stability, nan elsewhere."""
    import numpy as np

    z = locus(p)
    seen = np.isfinite(z) & (np.abs(z) < _LARGEST)
    z[~seen] = np.nan
    z[growth(p, np.where(seen, z, 0)) > ON_THE_BOUNDARY] = np.nan
    z.setflags(write=False)
    return z


def of_region(p: Polynomial) -> Window:
    """A window with the whole region of stability; with all of its boundary, if it is unbounded.

    Where the boundary itself is unbounded, as the imaginary axis is, the poles and zeros say what
    size matters. Small islands far from the rest, as Verner's 8(9) has at 12.2 +- 2.3 i, are left
    outside.
    """
    import numpy as np

    z = boundary(p)
    z = z[np.isfinite(z)]
    sizes = np.abs(z)
    if not sizes.size or sizes.max() < _SMALLEST:
        return around(size_of([p[0], p[-1]]))
    if sizes.max() > _UNBOUNDED * np.median(sizes):
        return around(2 * size_of([p[0], p[-1]]))
    unbounded = _is_stable_beyond(p, float(sizes.max()))
    z = z[sizes <= _without_islands(sizes)]
    left, right, top = min(z.real.min(), 0), max(z.real.max(), 0), np.abs(z.imag).max()
    size = max(right - left, 2 * top)
    margin = (0.3 if unbounded else 0.1) * size
    return Window(float(left - margin), float(right + margin), float(max(top, size / 4) + margin))


def around(reach: float) -> Window:
    """A square around the origin."""
    return Window(-reach, reach, reach)


def _is_stable_beyond(p: Polynomial, size: float) -> bool:
    """Whether the method is stable somewhere far beyond |z| = size."""
    import numpy as np

    angles = np.linspace(0, np.pi, 16)
    return bool((growth(p, 1e3 * size * np.exp(1j * angles)) < 0).any())


def size_of(parts: Iterable[tuple[float, ...]]) -> float:
    """How far out the zeros of these polynomials lie, outliers aside; 1 if there are none."""
    import numpy as np

    sizes = np.abs(np.concatenate([zeros(part) for part in parts]))
    sizes = sizes[sizes > _SMALLEST]
    if not sizes.size:
        return 1.0
    return _without_islands(sizes)


def _without_islands(sizes: Real) -> float:
    """The largest of these that is reached from their median without a gap."""
    import numpy as np

    outer = np.sort(sizes[sizes >= np.median(sizes)])
    gaps = np.nonzero(outer[1:] > _GAP * outer[:-1])[0]
    return float(outer[gaps[0]] if gaps.size else outer[-1])
