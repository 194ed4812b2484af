"""The roots w of p(w, z) = 0 over many z: by how much a step multiplies u' = lambda u.

Evaluated in double precision, all z at once. Where a value overflows, or the highest p_j vanishes,
the growth is infinite. The caller silences numpy's warnings of that.
"""

from __future__ import annotations

from math import factorial
from typing import TYPE_CHECKING

from butcher.figure.method import Polynomial

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Real = NDArray[np.float64]
    Complex = NDArray[np.complex128]

LARGEST_GROWTH = 1.0
"""log |w| is cut here and at minus this: a figure needs its sign, and its size near zero only."""

_SERIES = 30
_NEGLIGIBLE = 1e-10
_FIRST_ORDER = 1e-4


def affordable(degree: int) -> int:
    """How many companion matrices of this degree have their eigenvalues found in half a second."""
    return 1_200_000 // (degree + 2) ** 2


def horner(p: tuple[float, ...], z: Complex) -> Complex:
    """sum_i p_i z^i."""
    import numpy as np

    value = np.zeros_like(z)
    for coefficient in reversed(p):
        value = value * z + coefficient
    return value


def zeros(p: tuple[float, ...]) -> Complex:
    """The zeros of sum_i p_i z^i, finite ones only."""
    import numpy as np

    found = _eigenvalues(np.array([p], dtype=complex))[0]
    return np.asarray(found[np.isfinite(found)])


def roots(p: Polynomial, z: Complex) -> Complex:
    """All roots w of p(w, z), along a new last axis."""
    import numpy as np

    return _eigenvalues(np.stack([horner(row, z) for row in p], axis=-1))


def _eigenvalues(coefficients: Complex) -> Complex:
    """The zeros of polynomials given along the last axis, by companion matrices; not finite where
    the leading coefficient is zero or something overflows.
    """
    import numpy as np

    degree = coefficients.shape[-1] - 1
    monic = -coefficients[..., :-1] / coefficients[..., -1:]
    if degree <= 1:
        return monic
    finite = np.asarray(np.isfinite(monic).all(axis=-1))
    companion = np.zeros((*monic.shape, degree), dtype=complex)
    companion[..., np.arange(1, degree), np.arange(degree - 1)] = 1
    companion[..., -1] = np.where(finite[..., None], monic, 0)
    found = np.linalg.eigvals(companion)
    return np.where(finite[..., None], found, np.inf).astype(complex)


def growth(p: Polynomial, z: Complex) -> Real:
    """max log |w| over the roots w, cut at LARGEST_GROWTH: the region of stability is <= 0."""
    import numpy as np

    return np.asarray(_cut(np.log(np.abs(roots(p, z)))).max(axis=-1))


def _cut(found: Real) -> Real:
    import numpy as np

    cut = np.nan_to_num(found, nan=LARGEST_GROWTH, posinf=LARGEST_GROWTH, neginf=-LARGEST_GROWTH)
    return np.asarray(np.clip(cut, -LARGEST_GROWTH, LARGEST_GROWTH))


def star(p: Polynomial, order: int | None, z: Complex) -> Real:
    """max log |w e^-z| over the roots w: positive in the order star {z : |R(z)| > |e^z|}.

    (Wanner, Hairer, Norsett, Order stars and stability theorems, BIT 18, 1978.) At the origin this
    vanishes like z^(order+1), below what the difference of two logarithms still resolves. There the
    root that belongs to e^z is w = e^z (1 + d) with d = -p(e^z, z) / (e^z p_w(e^z, z)) to first
    order, exact for one step, and p(e^z, z) is summed from the power of z that does not cancel.
    """
    import numpy as np

    w, exact = roots(p, z), np.exp(z)
    steep = sum(j * horner(row, z) * exact**j for j, row in enumerate(p) if j)
    d = -horner(defect(p, order), z) / steep
    near = (np.abs(z) * (len(p) - 1) < 1) & (np.abs(d) < _FIRST_ORDER)
    found = np.log(np.abs(w)) - z.real[..., None]
    distance = np.abs(w - exact[..., None])
    closest = np.argmin(np.where(np.isfinite(distance), distance, np.inf), axis=-1)[..., None]
    direct = np.take_along_axis(found, closest, axis=-1)
    principal = 0.5 * np.log1p(2 * d.real + np.abs(d) ** 2)[..., None]
    np.put_along_axis(found, closest, np.where(near[..., None], principal, direct), axis=-1)
    return np.asarray(_cut(found).max(axis=-1))


def defect(p: Polynomial, order: int | None) -> tuple[float, ...]:
    """p(e^z, z) by powers of z: the first is of order + 1.

    The power z^j has sum_k sum_i p_ki k^(j-i) / (j-i)!. What the order says to be zero is zero,
    and so is what rounding leaves of a sum.
    """
    found = []
    for power in range(_SERIES + max(map(len, p))):
        terms = [
            value * float(k) ** (power - i) / factorial(power - i)
            for k, row in enumerate(p)
            for i, value in enumerate(row[: power + 1])
        ]
        total = sum(terms)
        vanishes = power <= (order or 0) or abs(total) <= _NEGLIGIBLE * sum(map(abs, terms))
        found.append(0.0 if vanishes else total)
    return tuple(found)


def locus(p: Polynomial) -> Complex:
    """The boundary locus {z : p(e^it, z) = 0 for some t in [0, pi]}, a row for each t.

    The boundary of the region of stability lies on it and on its mirror image.
    """
    import numpy as np

    degree = max(map(len, p)) - 1
    if degree == 0:
        return np.zeros((0, 1), dtype=complex)
    # at each of them one matrix of this degree, and then one of the other for each z
    most = min(affordable(degree), affordable(len(p) - 1) // (2 * degree))
    angles = np.linspace(0, np.pi, int(np.clip(most, 40, 720)))
    powers = np.exp(1j * np.outer(angles, np.arange(len(p))))
    rows = np.array([[*row, *[0.0] * (degree + 1 - len(row))] for row in p])
    return _eigenvalues(powers @ rows)
