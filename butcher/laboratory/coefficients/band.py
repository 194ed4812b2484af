"""For which values of a trained number a multistep scheme is zero-stable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from butcher.analysis.limits import UndefinedError
from butcher.analysis.multistep.region import Interval
from butcher.analysis.multistep.theory import multistep_theory
from butcher.compiler import Scheme
from butcher.ir.lower import lower


@dataclass(frozen=True)
class Band:
    """text  `-1 < k <= 1`; intervals: the same, disjoint, in order."""

    symbol: str
    text: str
    intervals: tuple[Interval, ...]

    def holds(self, value: float) -> bool:
        """Whether the scheme is zero-stable with this value in every block."""
        return any(_inside(interval, value) for interval in self.intervals)


def bands(scheme: Scheme) -> dict[str, Band]:
    """Of each trained number in the multistep coefficients, proved exactly.

    Empty for a scheme that is no multistep method, and for one of which it is not known.
    """
    try:
        theory = multistep_theory(lower(scheme))
    except UndefinedError:
        return {}
    learned = {symbol.name for symbol in scheme.symbols if symbol.kind == "learn"}
    return {
        found.symbol: Band(found.symbol, found.region, found.intervals)
        for found in theory.symbol_regions
        if found.symbol in learned
    }


def _inside(interval: Interval, value: float) -> bool:
    low = -float("inf") if interval.low is None else float(interval.low)
    high = float("inf") if interval.high is None else float(interval.high)
    above = value >= low if interval.low_included else value > low
    below = value <= high if interval.high_included else value < high
    return above and below


def ends(band: Band, low: float, high: float) -> Sequence[tuple[float, float]]:
    """The parts of the band between `low` and `high`, for a drawing."""
    found = []
    for interval in band.intervals:
        left = low if interval.low is None else max(low, float(interval.low))
        right = high if interval.high is None else min(high, float(interval.high))
        if left < right:
            found.append((left, right))
    return found
