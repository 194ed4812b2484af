"""Numbers drawn by counting."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from butcher.training.data.draws import Draws, key, permutation

SEEDS = st.integers(0, 2**63 - 1)


def test_splitmix64_is_the_published_one() -> None:
    """The finaliser, through a key of one part: the first number of the stream from seed 0."""
    assert key(0) == 0xE220A8397B1DCDAF


@given(SEEDS, st.lists(st.integers(0, 2**40), min_size=1, max_size=9), st.integers(1, 5))
def test_a_number_depends_on_its_key_image_and_place_alone(
    seed: int, images: list[int], number: int
) -> None:
    indices = np.array(images)
    found = Draws(seed, indices).words(number + 2)
    for row, image in zip(found, images, strict=True):
        alone = Draws(seed, np.array([image])).words(number, first=2)[0]
        assert row[2:].tolist() == alone.tolist()


@given(SEEDS, SEEDS)
def test_a_key_depends_on_the_order_of_its_parts(a: int, b: int) -> None:
    assert (key(a, b) == key(b, a)) == (a == b)
    assert key(a, 0) != key(a)


def test_numbers_are_even_and_do_not_go_together() -> None:
    found = Draws(key(7), np.arange(20_000)).uniform(4)
    assert found.min() >= 0
    assert found.max() < 1
    np.testing.assert_allclose(found.mean(0), 0.5, atol=0.01)
    np.testing.assert_allclose(found.var(0), 1 / 12, atol=0.003)
    together = np.corrcoef(np.hstack([found[:-1], found[1:]]).T)
    assert np.abs(together - np.eye(8)).max() < 0.03


def test_whole_numbers_reach_both_ends_evenly() -> None:
    counts = np.bincount(Draws(key(1), np.arange(9_000)).integers(0, 8, place=0))
    assert len(counts) == 9
    np.testing.assert_allclose(counts, 1000, atol=120)


@pytest.mark.parametrize("number", [0, 1, 5, 1000])
def test_a_permutation_has_everything_once(number: int) -> None:
    assert sorted(permutation(number, key(3))) == list(range(number))


def test_keys_of_neighbouring_epochs_give_unlike_orders() -> None:
    first, second = (permutation(1000, key(0, epoch)) for epoch in (0, 1))
    assert (first == second).mean() < 0.01
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.1


def test_no_generator_is_touched() -> None:
    before = torch.get_rng_state()
    state = np.random.get_state()[1].copy()  # type: ignore[index, union-attr]
    permutation(10, key(1))
    assert torch.equal(torch.get_rng_state(), before)
    assert (np.random.get_state()[1] == state).all()  # type: ignore[index]
