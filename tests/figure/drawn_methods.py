"""Methods for figures: from the zoo, or from coefficients that no file may have."""

from collections.abc import Sequence

import butcher
from butcher.analysis.linear.characteristic import (
    DIRECT,
    CharacteristicPolynomial,
    characteristic_polynomial,
)
from butcher.figure import Method
from butcher.figure.method import Polynomial, polynomial
from butcher.ir.lower import lower


def of(name: str, order: int | None = None) -> Method:
    """A method of the zoo, with its own title."""
    scheme = butcher.load(name)
    return Method(scheme.title or name, order, characteristic_polynomial(lower(scheme)))


def p_of(name: str) -> Polynomial:
    return polynomial(of(name))


def made(*coefficients: Sequence[float], title: str = "made") -> Method:
    """With these p_0(z), p_1(z), ..."""
    rows = tuple(tuple(row) for row in coefficients)
    return Method(title, 1, CharacteristicPolynomial(DIRECT, rows, ()))  # type: ignore[arg-type]


def measured(order: int, title: str = "method") -> Method:
    return Method(title, order, None, STEPS, [h**order / 7 for h in STEPS])


EULER = made([-1, -1], [1], title="Euler")
STEPS = [2.0**-k for k in range(3, 9)]
