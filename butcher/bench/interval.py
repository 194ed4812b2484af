"""Medians, quartiles, and how sure a ratio of two times is."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

RESAMPLES = 2000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """A middle value between two others; what these are, who makes it says."""

    low: float
    middle: float
    high: float


def quartiles(samples: Sequence[float]) -> Interval:
    """The median between the first and the third quartile; of one sample three times that."""
    if len(samples) == 1:
        return Interval(samples[0], samples[0], samples[0])
    low, middle, high = statistics.quantiles(samples, n=4, method="inclusive")
    return Interval(low, middle, high)


def paired_ratio(samples: Sequence[float], reference: Sequence[float]) -> Interval:
    """The median of samples[i] / reference[i] in its 95 % bootstrap interval.

    Sample i of both was taken in the same round, so what slows a machine down for longer than a
    round falls out. The rounds are drawn again with replacement 2,000 times; the seed is fixed, so
    the same samples give the same interval.
    """
    ratios = [a / b for a, b in zip(samples, reference, strict=True)]
    draw = random.Random(0)
    medians = sorted(
        statistics.median(draw.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES)
    )
    outside = round(RESAMPLES * (1 - CONFIDENCE) / 2)
    return Interval(medians[outside], statistics.median(ratios), medians[-1 - outside])
