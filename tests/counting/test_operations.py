"""Passes over whole maps, and the operations that make them."""

import torch

from butcher.counting.operations import Counts, Operations
from butcher.counting.probe import FLIP

U, K = torch.randn(2, 2, 3, 4, 4, dtype=torch.float64)


def counted(call: object) -> Counts:
    operations = Operations(U.nbytes, {FLIP})
    with operations:
        call()  # type: ignore[operator]
    return operations.counts


def test_a_product_reads_one_and_writes_one_a_sum_reads_two() -> None:
    assert counted(lambda: 2 * U) == Counts(2, 1, 1)
    assert counted(lambda: U + K) == Counts(3, 1, 1)


def test_a_sum_in_place_takes_as_many_passes() -> None:
    assert counted(lambda: U.clone().add_(K)) == Counts(2 + 3, 2, 2)


def test_views_and_small_tensors_take_none() -> None:
    assert counted(lambda: U.flatten(1).detach()) == Counts(0, 0, 2)
    assert counted(lambda: torch.ones(3) + 1).passes == 0
    assert counted(lambda: U * torch.ones(1, 3, 1, 1).expand(2, 3, 4, 4)).passes == 2


def test_a_stack_counts_every_map_in_it() -> None:
    assert counted(lambda: torch.stack([U, K])) == Counts(4, 1, 1)


def test_the_probe_is_left_out() -> None:
    assert counted(lambda: U.flip(0)) == Counts(0, 0, 0)


def test_room_that_nothing_is_written_to_is_no_pass() -> None:
    assert counted(lambda: torch.empty_like(U)).passes == 0
