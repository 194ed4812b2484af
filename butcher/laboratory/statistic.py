"""Means of several seeds, how sure they are, and differences of runs that share a seed.

Every interval is one of 95 %. Those of means are Student's t: seeds are few, and their results
are taken as independent and not far from normal.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95


class ScipyMissingError(RuntimeError):
    """No scipy, so no quantiles."""


@dataclass(frozen=True)
class Estimate:
    """A mean in its interval, of `number` runs; of one run the interval is unknown (nan).

    As text `0.9123 [0.9081, 0.9165]`: as many digits as two of half the interval's width, of which
    rounding may be all there is: no more than six of the mean.
    """

    mean: float
    low: float
    high: float
    number: int

    @property
    def is_interval(self) -> bool:
        """Whether anything is known of how sure it is."""
        return not (math.isnan(self.low) or math.isnan(self.high))

    def excludes(self, value: float) -> bool:
        """Whether the interval is known and does not hold the value."""
        return self.is_interval and not self.low <= value <= self.high

    def scaled(self, factor: float) -> Estimate:
        """In another unit: 100 for per cent."""
        low, high = sorted((factor * self.low, factor * self.high))
        return Estimate(factor * self.mean, low, high, self.number)

    def __str__(self) -> str:
        if self.number == 0:
            return "-"
        if not self.is_interval:
            return f"{self.mean:.4g} (one run)"
        if self.low == self.high:
            return f"{self.mean:.4g} [{self.low:.4g}, {self.high:.4g}]"
        places = min(decimals((self.high - self.low) / 2), decimals(self.mean) + 4)
        mean, low, high = (f"{end:z.{places}f}" for end in (self.mean, self.low, self.high))
        return f"{mean} [{low}, {high}]"


NOTHING = Estimate(math.nan, math.nan, math.nan, 0)
"""Of no runs."""


def mean_of(values: Sequence[float]) -> Estimate:
    """The mean of one value a seed."""
    if not values:
        return NOTHING
    mean = statistics.fmean(values)
    if len(values) == 1:
        return Estimate(mean, math.nan, math.nan, 1)
    half = _quantile(len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
    return Estimate(mean, mean - half, mean + half, len(values))


def paired(values: Sequence[float], reference: Sequence[float]) -> Estimate:
    """The mean of values[i] - reference[i]: what a seed does to both falls out."""
    return mean_of([a - b for a, b in zip(values, reference, strict=True)])


def ratio_of(values: Sequence[float], reference: Sequence[float]) -> Estimate:
    """The geometric mean of values[i] / reference[i], all positive; its interval by logarithms."""
    return _exponential(paired([math.log(v) for v in values], [math.log(r) for r in reference]))


def geometric_mean_of(values: Sequence[float]) -> Estimate:
    """Of positive values, its interval by logarithms."""
    return _exponential(mean_of([math.log(v) for v in values]))


def slope_of(x: Sequence[float], y: Sequence[float]) -> Estimate:
    """Of the straight line through points (x, y) with the least squares; nan for one x alone.

    The interval takes deviations from the line as independent, of one size. Of two points it is
    unknown: a line goes through any two.
    """
    number, middle = len(x), statistics.fmean(x)
    spread = sum((each - middle) ** 2 for each in x)
    if spread == 0:
        return Estimate(math.nan, math.nan, math.nan, number)
    slope = sum((a - middle) * b for a, b in zip(x, y, strict=True)) / spread
    if number < 3:
        return Estimate(slope, math.nan, math.nan, number)
    at = statistics.fmean(y)
    rest = sum((b - at - slope * (a - middle)) ** 2 for a, b in zip(x, y, strict=True))
    half = _quantile(number - 2) * math.sqrt(rest / (number - 2) / spread)
    return Estimate(slope, slope - half, slope + half, number)


def proportion(hits: int, trials: int) -> Estimate:
    """hits / trials in Wilson's interval, which is right for few trials, and at 0 and 1, too.

    Wilson, J. Am. Stat. Assoc. 22 (1927) 209-212.
    """
    if trials == 0:
        return NOTHING
    z, share = statistics.NormalDist().inv_cdf((1 + CONFIDENCE) / 2), hits / trials
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    spread = math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    half = z * spread / (1 + z * z / trials)
    low = 0.0 if hits == 0 else middle - half
    high = 1.0 if hits == trials else middle + half
    return Estimate(share, low, high, trials)


def decimals(size: float) -> int:
    """How many digits after the point show two digits of a number of this size."""
    if size == 0 or not math.isfinite(size):
        return 4
    return min(max(0, 1 - math.floor(math.log10(abs(size)))), 12)


def _exponential(found: Estimate) -> Estimate:
    return Estimate(math.exp(found.mean), math.exp(found.low), math.exp(found.high), found.number)


def _quantile(freedom: int) -> float:
    """Of Student's distribution, for an interval with both ends."""
    try:
        from scipy.stats import t
    except ImportError:
        raise ScipyMissingError(
            "an interval needs scipy: pip install 'butcher-torch[train]'"
        ) from None
    return float(t.ppf((1 + CONFIDENCE) / 2, freedom))
