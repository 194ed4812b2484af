"""The values of an analysis as JSON has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from fractions import Fraction
from math import isfinite

from butcher.analysis.conditions.ring import Ball
from butcher.analysis.entry import Entry
from butcher.coefficient import Coefficient, Number, shown

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]

LONGEST = 4000
"""Characters of an exact value; a longer one is given in decimals."""


def plain(value: object) -> Plain:
    """Exact values are texts, as the language reads them; what is infinite is `infinity`."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else "infinity" if value > 0 else "-infinity"
    if isinstance(value, Fraction):
        return shown(Number.of(value), LONGEST)
    if isinstance(value, Number | Coefficient):
        return shown(value, LONGEST)
    if isinstance(value, Entry | Ball):
        return str(value)
    if isinstance(value, complex):
        return [plain(value.real), plain(value.imag)]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Set):
        return [plain(item) for item in sorted(value)]
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value) if f.repr}
    raise TypeError(f"no JSON for {type(value).__name__}")
