"""What a figure needs to know of a method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from butcher.analysis.linear.characteristic import CharacteristicPolynomial
from butcher.errors import readable

Polynomial = tuple[tuple[float, ...], ...]
"""p(w, z) = sum_j w^j p_j(z): p_j over j, each by ascending powers of z."""


class FigureError(ValueError):
    """What is asked for cannot be drawn of these methods; the text says why."""

    @classmethod
    def of(cls, method: Method, reason: str) -> FigureError:
        return cls(f"{readable(method.title)}: {reason}")


@dataclass(frozen=True)
class Method:
    """One method of a figure.

    title           text as a person wrote it, of any length and content.
    order           the order that is proved, for the legend and the slopes; None if there is none.
    characteristic  for what is drawn in the plane of z; None if there is none.
    steps, errors   measured: an error for each step h, in any order of the steps.
    """

    title: str
    order: int | None = None
    characteristic: CharacteristicPolynomial | None = None
    steps: Sequence[float] = ()
    errors: Sequence[float] = ()


def polynomial(method: Method) -> Polynomial:
    """p(w, z) without the roots w = 0 that it has for every z; the highest p_j is not zero.

    Raises FigureError where there is none, or where it exceeds double precision.
    """
    if method.characteristic is None:
        raise FigureError.of(method, "a step has no characteristic polynomial in w and z")
    rows = [list(row) for row in method.characteristic.floats()]
    if not all(isfinite(value) for row in rows for value in row):
        raise FigureError.of(method, "its coefficients exceed double precision")
    for row in rows:
        while row and not row[-1]:
            row.pop()
    while rows and not rows[-1]:
        rows.pop()
    while rows and not rows[0]:
        rows.pop(0)
    if len(rows) < 2:
        raise FigureError.of(method, "a step has no root w other than zero")
    return tuple(tuple(row) or (0.0,) for row in rows)
