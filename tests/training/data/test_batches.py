"""What an epoch shows, whoever shows it: workers, ranks, and one that begins in its middle."""

import itertools
from collections.abc import Iterable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from butcher.training.data import Batch, Batches, DataError, DataOptions, Split, load, still
from butcher.training.data.augment import Augment, AutoAugment, Crop
from butcher.training.data.split import InMemory

Pairs = list[tuple[Tensor, Tensor]]


def made(number: int, augment: Augment | None = None) -> InMemory:
    """Images (number, 3, 6, 6) of noise, labelled 0, 1, 2, ..."""
    pixels = torch.randint(0, 256, (number, 3, 6, 6), generator=torch.Generator().manual_seed(0))
    mean, std = torch.full((2, 3, 1, 1), 100.0, dtype=torch.float32)
    return InMemory(pixels.to(torch.uint8), torch.arange(number), mean, std, augment)


def same(first: Iterable[Batch], second: Iterable[Batch]) -> bool:
    pairs = list(itertools.zip_longest(first, second))
    return all(torch.equal(a, b) for one, two in pairs for a, b in zip(one, two, strict=True))


def by_image(batches: Iterable[Batch]) -> dict[int, Tensor]:
    return {int(label): image for x, y in batches for image, label in zip(x, y, strict=True)}


SPLITS = st.integers(1, 70)
CROPPED = Crop(2)


@given(SPLITS, st.integers(1, 80), st.integers(0, 2**63 - 1), st.integers(0, 300))
def test_an_epoch_shows_every_image_once(number: int, batch: int, seed: int, epoch: int) -> None:
    batches = Batches(made(number), batch, seed)
    shown = list(batches.epoch(epoch))
    assert len(shown) == len(batches) == -(-number // batch)
    assert sorted(torch.cat([y for _, y in shown]).tolist()) == list(range(number))
    assert all(len(y) == batch for _, y in shown[:-1])


@given(SPLITS, st.integers(1, 20), st.integers(0, 9))
def test_one_that_begins_in_the_middle_shows_the_rest(number: int, batch: int, begin: int) -> None:
    batches = Batches(made(number, CROPPED), batch, seed=5)
    whole = list(batches.epoch(3))
    assert same(whole[begin:], batches.epoch(3, begin))


@given(SPLITS, st.integers(4, 20), st.integers(1, 4))
def test_ranks_share_each_batch(number: int, batch: int, world: int) -> None:
    split = made(max(number, world), CROPPED)
    alone = list(Batches(split, batch, seed=1).epoch(2))
    ranks = [Batches(split, batch, seed=1, rank=rank, world=world) for rank in range(world)]
    shared = list(zip(*(list(each.epoch(2)) for each in ranks), strict=True))
    assert {len(each) for each in ranks} == {len(shared)}
    for whole, parts in zip(alone, shared, strict=False):
        sizes = [len(y) for _, y in parts]
        assert min(sizes) >= max(max(sizes) - 1, 1)
        together, expected = by_image(parts), by_image([whole])
        assert together.keys() == expected.keys()
        assert all(torch.equal(together[i], expected[i]) for i in expected)
    left_out = alone[len(shared) :]
    assert sum(len(y) for _, y in left_out) < world


@pytest.mark.parametrize("augment", [CROPPED, AutoAugment(CROPPED)], ids=["crop", "autoaugment"])
def test_two_workers_show_the_same_bits_as_none(augment: Augment) -> None:
    alone, workers = (Batches(made(40, augment), 9, 3, workers=workers) for workers in (0, 2))
    assert same(alone.epoch(0), workers.epoch(0))
    assert same(alone.epoch(1, 2), workers.epoch(1, 2))
    assert same(still(made(40), 9), still(made(40), 9, workers=2))


def test_orders_differ_by_seed_and_by_epoch_alone() -> None:
    def order(seed: int, epoch: int) -> list[int]:
        torch.manual_seed(seed + 9)
        return torch.cat([y for _, y in Batches(made(50), 7, seed).epoch(epoch)]).tolist()  # type: ignore[no-any-return]

    assert order(3, 0) == order(3, 0)
    assert len({tuple(order(seed, epoch)) for seed in range(3) for epoch in range(3)}) == 9
    larger = torch.cat([y for _, y in Batches(made(50), 13, 3).epoch(0)]).tolist()
    assert larger == order(3, 0)


@pytest.mark.parametrize("augment", [CROPPED, AutoAugment(CROPPED)], ids=["crop", "autoaugment"])
def test_an_augmented_image_depends_on_seed_epoch_and_index_alone(augment: Augment) -> None:
    split = made(60, augment)
    seen = [by_image(Batches(split, batch, 1).epoch(4)) for batch in (60, 7)]
    assert all(torch.equal(seen[0][i], seen[1][i]) for i in range(60))
    for other in Batches(split, 60, 2).epoch(4), Batches(split, 60, 1).epoch(5):
        changed = by_image(other)
        assert sum(not torch.equal(seen[0][i], changed[i]) for i in range(60)) > 40


@pytest.mark.parametrize("workers", [0, 2])
def test_torch_s_generator_is_left_as_it_was(workers: int) -> None:
    before = torch.get_rng_state()
    list(Batches(made(20, AutoAugment(CROPPED)), 5, 0, workers=workers).epoch(0))
    list(still(made(20), 5, workers=workers))
    assert torch.equal(torch.get_rng_state(), before)


@given(SPLITS, st.integers(1, 20), st.integers(1, 4))
def test_still_images_come_in_order_and_once(number: int, batch: int, world: int) -> None:
    split = made(number, CROPPED)
    shown = [torch.cat([y for _, y in still(split, batch)])]
    assert shown[0].tolist() == list(range(number))
    ranks = [list(still(split, batch, rank=rank, world=world)) for rank in range(world)]
    assert {len(each) for each in ranks} == {-(-number // batch)}
    found = by_image(itertools.chain(*ranks))
    plain = (split.pixels.to(torch.float32) - 100) / 100
    assert len(found) == number
    assert all(torch.equal(found[i], plain[i]) for i in found)


def test_an_empty_part_has_no_batches() -> None:
    digits = load(DataOptions(validation=0.0))
    assert list(still(digits.validation, 10)) == []
    assert list(still(digits.validation, 10, workers=1)) == []


def test_a_batch_of_less_than_one_image_a_process_is_said() -> None:
    with pytest.raises(DataError, match=r"^batch = 2 is less .* 3 processes; write batch = 3"):
        Batches(made(9), 2, 0, world=3)
    with pytest.raises(DataError, match=r"^2 training images are too few for 3 processes"):
        Batches(made(2), 3, 0, world=3)
    with pytest.raises(DataError, match=r"^no image is left .* smaller data\.validation$"):
        Batches(made(0), 3, 0)


@pytest.mark.gpu
def test_pinned_batches_are_pinned() -> None:
    for workers in (0, 1):
        batches: list[Batch] = list(Batches(made(9), 4, 0, pin=True, workers=workers).epoch(0))
        assert all(part.is_pinned() for batch in batches for part in batch)


def test_a_split_is_what_the_interface_says() -> None:
    split: Split = made(3)
    assert len(split) == len(split.labels) == 3
