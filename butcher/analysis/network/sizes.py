"""Coefficients as doubles, for quantities that are magnitudes and not proofs."""

from __future__ import annotations

from collections.abc import Mapping
from sys import float_info

from butcher.analysis.limits import UndefinedError
from butcher.coefficient import ONE, Coefficient, Number
from butcher.ir.steps import is_step

LARGEST = float_info.max


def at_unit_step(coefficient: Coefficient) -> float:
    """The value where every step is 1 and the other symbols have their start values.

    Rounded once, to the nearest double; past the range of doubles it is the largest of them.
    Raises UndefinedError at a pole.
    """
    return _value(coefficient, {name: ONE for name in coefficient.names if is_step(name)})


def at_start(coefficient: Coefficient) -> float:
    """Likewise where steps, too, have their start values."""
    return _value(coefficient, {})


def _value(coefficient: Coefficient, values: Mapping[str, Number]) -> float:
    try:
        value = float(coefficient.evaluate(values))
    except ZeroDivisionError:
        raise UndefinedError("a coefficient has a pole at the values of its symbols") from None
    return max(-LARGEST, min(value, LARGEST))


def bounded(size: float) -> float:
    """A sum or product of sizes that may have left the range of doubles, put back into it."""
    return min(size, LARGEST)
