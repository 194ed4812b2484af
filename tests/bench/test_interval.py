"""Medians and how sure they are."""

from butcher.bench.interval import Interval, paired_ratio, quartiles


def test_a_constant_ratio_is_certain_however_times_drift() -> None:
    reference = [1.0, 5.0, 2.0, 9.0, 3.0]
    assert paired_ratio([2 * t for t in reference], reference) == Interval(2.0, 2.0, 2.0)


def test_noise_widens_the_interval_and_it_holds_the_median() -> None:
    found = paired_ratio([0.9, 1.0, 1.1, 1.5, 0.8, 1.05, 0.95], [1.0] * 7)
    assert found.low < found.middle == 1.0 < found.high


def test_the_same_samples_give_the_same_interval() -> None:
    samples = [1.0, 1.3, 0.7, 1.1]
    assert paired_ratio(samples, samples[::-1]) == paired_ratio(samples, samples[::-1])


def test_quartiles_lie_between_samples() -> None:
    assert quartiles([1.0, 2.0, 3.0, 4.0, 5.0]) == Interval(2.0, 3.0, 4.0)
    assert quartiles([7.0]) == Interval(7.0, 7.0, 7.0)
