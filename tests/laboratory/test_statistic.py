"""Means in their intervals, against scipy, and by drawing many samples."""

import math
import random
import statistics

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from butcher.laboratory.statistic import (
    Estimate,
    decimals,
    geometric_mean_of,
    mean_of,
    paired,
    proportion,
    ratio_of,
)

NUMBERS = st.floats(-1e3, 1e3).map(lambda x: round(x, 6))


@given(st.lists(NUMBERS, min_size=2, max_size=9))
def test_a_mean_has_the_interval_that_scipy_gives(values: list[float]) -> None:
    found = mean_of(values)
    assert found.number == len(values)
    spread = stats.sem(values)
    assume(spread > 1e-9)
    expected = stats.t.interval(0.95, len(values) - 1, statistics.fmean(values), spread)
    assert (found.low, found.high) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    draw, trials = random.Random(1), 2000
    held = sum(not mean_of([draw.gauss(3, 2) for _ in range(5)]).excludes(3) for _ in range(trials))
    bound = 4 * math.sqrt(0.95 * 0.05 / trials)
    assert abs(held / trials - 0.95) < bound


def test_one_run_has_no_interval_and_says_so() -> None:
    found = mean_of([0.91234])
    assert not found.is_interval
    assert not found.excludes(5)
    assert str(found) == "0.9123 (one run)"
    assert str(mean_of([])) == "-"


def test_what_a_seed_does_to_both_falls_out_of_a_difference() -> None:
    reference = [0.1, 0.5, 0.9]
    found = paired([r + 0.01 for r in reference], reference)
    assert found.mean == pytest.approx(0.01)
    assert found.high - found.low < 1e-9
    assert found.excludes(0)


def test_a_ratio_is_the_same_in_any_unit_and_inverts() -> None:
    a, b = [1.0, 2.0, 4.0], [3.0, 5.0, 6.0]
    one, other = ratio_of(a, b), ratio_of(b, a)
    assert one.mean == pytest.approx(1 / other.mean)
    assert (one.low, one.high) == pytest.approx((1 / other.high, 1 / other.low))
    assert ratio_of([60 * x for x in a], [60 * x for x in b]).mean == pytest.approx(one.mean)
    assert geometric_mean_of(a).mean == pytest.approx(2)


@pytest.mark.parametrize(("hits", "trials"), [(0, 5), (5, 5), (3, 7), (1, 1), (40, 100)])
def test_a_share_has_the_interval_that_scipy_gives(hits: int, trials: int) -> None:
    found = proportion(hits, trials)
    expected = stats.binomtest(hits, trials).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_an_estimate_shows_two_digits_of_its_width() -> None:
    assert str(Estimate(0.91234, 0.90812, 0.91656, 5)) == "0.9123 [0.9081, 0.9166]"
    assert str(Estimate(91.234, 90.812, 91.656, 5)) == "91.23 [90.81, 91.66]"
    assert str(Estimate(1234.5, 1100.0, 1400.0, 5)) == "1234 [1100, 1400]"
    assert str(Estimate(0.5, 0.5, 0.5, 5)) == "0.5 [0.5, 0.5]"
    assert str(mean_of([2.0, 2.0 + 1e-15])) == "2.00000 [2.00000, 2.00000]"
    assert str(Estimate(-0.01, -4.3, 4.3, 5)) == "0.0 [-4.3, 4.3]"
    assert [decimals(x) for x in (0.0042, 0.42, 4.2, 42.0, 420.0)] == [4, 2, 1, 0, 0]


def test_another_unit_keeps_the_ends_in_order() -> None:
    assert Estimate(1, 0, 3, 4).scaled(-100) == Estimate(-100, -300, 0, 4)
