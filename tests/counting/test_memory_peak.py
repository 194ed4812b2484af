"""Peaks are the sum of what is allocated and not yet released."""

import pytest
import torch

from butcher.counting.memory import peak

SIZE = 8 * 1024


def made() -> torch.Tensor:
    return torch.empty(1024, dtype=torch.float64)


def test_what_lives_at_once_is_added_up() -> None:
    assert peak(lambda: [made(), made(), made()]) == 3 * SIZE


def test_what_was_released_does_not_count() -> None:
    def one_after_the_other() -> None:
        for _ in range(5):
            made()

    assert peak(one_after_the_other) == SIZE


def test_what_was_there_before_does_not_count() -> None:
    before = made()
    assert peak(lambda: before.add_(before)) == 0
    assert peak(lambda: before + before) == SIZE


@pytest.mark.gpu
def test_a_gpu_counts_what_its_allocator_gives() -> None:
    assert peak(lambda: torch.empty(1 << 20, device="cuda"), "cuda") == 4 << 20
