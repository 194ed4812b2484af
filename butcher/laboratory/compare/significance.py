"""Whether differences are more than chance: t tests of pairs, and Holm's correction of several."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from butcher.laboratory.statistic import ScipyMissingError


def paired_p(values: Sequence[float], reference: Sequence[float]) -> float | None:
    """Of Student's t test that the mean of values[i] - reference[i] is 0, with both ends.

    None of fewer than two pairs.
    """
    differences = [a - b for a, b in zip(values, reference, strict=True)]
    if len(differences) < 2:
        return None
    mean, deviation = statistics.fmean(differences), statistics.stdev(differences)
    if deviation == 0:
        return 1.0 if mean == 0 else 0.0
    try:
        from scipy.stats import t
    except ImportError:
        raise ScipyMissingError("a test needs scipy: pip install 'butcher-torch[train]'") from None
    statistic = abs(mean) / deviation * math.sqrt(len(differences))
    return float(2 * t.sf(statistic, len(differences) - 1))


def holm(values: Sequence[float | None]) -> list[float | None]:
    """p values of one family, so raised that 0.05 bounds the chance of any false finding.

    Holm, Scand. J. Stat. 6 (1979) 65-70. None is of no test, and counts for none.
    """
    tests = sorted((p, place) for place, p in enumerate(values) if p is not None)
    found: list[float | None] = [None] * len(values)
    highest = 0.0
    for rank, (p, place) in enumerate(tests):
        highest = max(highest, min(1.0, (len(tests) - rank) * p))
        found[place] = highest
    return found
