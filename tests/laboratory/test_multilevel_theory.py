"""What multi-level training saves, against the numbers of the paper."""

from fractions import Fraction

import pytest

from butcher.laboratory.multilevel.theory import equal_parts, parts, saved, saved_in_equal_cycles

LIST = ["0", "1/4", "5/12", "17/32", "49/80", "43/64"]


@pytest.mark.parametrize(("interpolations", "share"), list(enumerate(LIST)))
def test_equal_cycles_save_what_the_formula_says(interpolations: int, share: str) -> None:
    blocks = [3 * 2**level for level in range(interpolations + 1)]
    assert saved(blocks, [7] * len(blocks)) == Fraction(share)
    assert saved_in_equal_cycles(interpolations) == Fraction(share)


def test_the_schedule_of_the_paper_saves_seven_sixteenths() -> None:
    assert saved([6, 12, 24], [60, 50, 50]) == Fraction(7, 16)
    assert saved([15, 30, 60], parts(160, [60, 110])) == Fraction(7, 16)


def test_a_part_that_does_not_grow_saves_less() -> None:
    blocks_alone = saved([6, 12, 24], [60, 50, 50])
    assert saved([6 + 1, 12 + 1, 24 + 1], [60, 50, 50]) < blocks_alone


def test_epochs_are_cut_at_restarts_or_evenly() -> None:
    assert parts(160, [60, 110]) == (60, 50, 50)
    assert parts(100, [60, 110]) == (60, 40)
    assert parts(9, []) == (9,)
    assert equal_parts(160, 3) == (54, 53, 53)
    assert equal_parts(3, 3) == (1, 1, 1)
