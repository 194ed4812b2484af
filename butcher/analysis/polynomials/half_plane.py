"""Whether all roots of a polynomial lie in the left half-plane, exactly, by Routh's array."""

from __future__ import annotations

from butcher.analysis.polynomials.univariate import Polynomial
from butcher.coefficient import ZERO


def is_hurwitz(p: Polynomial) -> bool:
    """Whether Re z < 0 for every root z (Routh 1877; Hairer, Norsett, Wanner I, I.13).

    Of the rows a0 a2 a4 ..., a1 a3 a5 ... from the leading coefficient a0, each two give a third,
    and the first entries of all rows must have one sign.
    """
    above, below = list(p[::-1][0::2]), list(p[::-1][1::2])
    while below:
        if below[0].sign != above[0].sign:
            return False
        ratio = above[0] / below[0]
        padded = [*below, ZERO][: len(above)]
        above, below = below, [a - ratio * b for a, b in zip(above[1:], padded[1:], strict=True)]
    return True
