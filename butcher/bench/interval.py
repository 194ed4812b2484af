"""Medians, quartiles, and how sure a ratio of two times is."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

RESAMPLES = 2000
CONFIDENCE = 0.95

T = TypeVar("T")


@dataclass(frozen=True)
class Interval:
    """A middle value between two others; what these are, who makes it says.

    As text `1.030 [1.010, 1.050]`.
    """

    low: float
    middle: float
    high: float

    def __str__(self) -> str:
        return f"{self.middle:.3f} [{self.low:.3f}, {self.high:.3f}]"


def quartiles(samples: Sequence[float]) -> Interval:
    """The median between the first and the third quartile; of one sample three times that."""
    if len(samples) == 1:
        return Interval(samples[0], samples[0], samples[0])
    low, middle, high = statistics.quantiles(samples, n=4, method="inclusive")
    return Interval(low, middle, high)


def paired_ratio(samples: Sequence[float], reference: Sequence[float]) -> Interval:
    """The median of samples[i] / reference[i] in its 95 % bootstrap interval.

    Sample i of both was taken in the same round, so what slows a machine down for longer than a
    round falls out.
    """
    ratios = [a / b for a, b in zip(samples, reference, strict=True)]
    return bootstrap(ratios, statistics.median)


def bootstrap(rounds: Sequence[T], statistic: Callable[[Sequence[T]], float]) -> Interval:
    """A statistic of the rounds in its 95 % bootstrap interval.

    The rounds are drawn again with replacement 2,000 times; the seed is fixed, so the same rounds
    give the same interval.
    """
    draw = random.Random(0)
    found = sorted(statistic(draw.choices(rounds, k=len(rounds))) for _ in range(RESAMPLES))
    outside = round(RESAMPLES * (1 - CONFIDENCE) / 2)
    return Interval(found[outside], statistic(rounds), found[-1 - outside])
