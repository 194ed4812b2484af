"""t tests of pairs and Holm's correction against scipy, and by hand."""

import pytest
from scipy.stats import ttest_rel

from butcher.laboratory.compare.significance import holm, paired_p

ONE, OTHER = [0.91, 0.93, 0.92, 0.95], [0.90, 0.90, 0.93, 0.91]


def test_the_p_value_is_that_of_scipy() -> None:
    assert paired_p(ONE, OTHER) == pytest.approx(ttest_rel(ONE, OTHER).pvalue, rel=1e-12)


def test_one_pair_has_no_p_value_and_equal_pairs_have_certain_ones() -> None:
    assert paired_p([0.9], [0.8]) is None
    assert paired_p([], []) is None
    assert paired_p([0.5, 0.75], [0.5, 0.75]) == 1.0
    assert paired_p([0.75, 0.75], [0.5, 0.5]) == 0.0


def test_holm_by_hand() -> None:
    """0.01 x 3, then 0.02 x 2 = 0.04, then 0.03 x 1, which is no less than what was before."""
    assert holm([0.03, None, 0.01, 0.02]) == pytest.approx([0.04, None, 0.03, 0.04])
    assert holm([0.7, 0.6]) == [1.0, 1.0]
    assert holm([]) == []
