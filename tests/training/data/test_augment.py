"""Crops, mirror images, and AutoAugment's policy, each against a slow reading of the paper."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import pad

from butcher.training.data.augment import AutoAugment, Crop, augmentation
from butcher.training.data.draws import Draws, key


def images(number: int, size: int = 8) -> Tensor:
    return torch.randint(1, 256, (number, 3, size, size)).to(torch.uint8)


def windows(image: Tensor, width: int, *, flip: bool) -> set[bytes]:
    """Everything that a crop may make of an image."""
    height, size = image.shape[1:]
    padded = pad(image, [width] * 4)
    cut = [
        padded[:, top : top + height, left : left + size]
        for top in range(2 * width + 1)
        for left in range(2 * width + 1)
    ]
    return {x.numpy().tobytes() for x in [*cut, *([x.flip(2) for x in cut] if flip else [])]}


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("width", [0, 1, 2])
def test_a_crop_makes_every_window_and_no_other(width: int, flip: bool) -> None:
    image = images(1)
    repeated = image.expand(1500, -1, -1, -1)
    cropped = Crop(width, flip)(repeated, Draws(key(0), np.arange(1500)))
    assert cropped.dtype == torch.uint8
    assert {x.numpy().tobytes() for x in cropped} == windows(image[0], width, flip=flip)


def test_images_of_a_batch_are_moved_one_by_one() -> None:
    batch, draws = images(20), Draws(key(1), np.arange(20))
    together = Crop(4)(batch, draws)
    for i in range(20):
        alone = Crop(4)(batch[i : i + 1], Draws(key(1), np.array([i])))
        assert torch.equal(alone[0], together[i])


def test_half_of_the_images_are_mirrored() -> None:
    batch = images(1).expand(2000, -1, -1, -1)
    flipped = Crop(0)(batch, Draws(key(2), np.arange(2000)))
    share = (flipped == batch).all(3).all(2).all(1).double().mean()
    assert abs(share - 0.5) < 0.05


def test_autoaugment_is_torchvision_s_policy_after_the_crop() -> None:
    from torchvision.transforms import v2

    batch, draws = images(30, 32), Draws(key(3), np.arange(30))
    crop, policy = Crop(4), v2.AutoAugment(v2.AutoAugmentPolicy.CIFAR10)
    found = AutoAugment(crop)(batch, draws)
    cropped = crop(batch, draws)
    for i, seed in enumerate(draws.words(1, first=3)[:, 0].tolist()):
        torch.manual_seed(seed)
        assert torch.equal(policy(cropped[i]), found[i])
    assert sum(torch.equal(a, b) for a, b in zip(found, cropped, strict=True)) < 15


def test_names_are_what_the_recipe_says() -> None:
    assert augmentation("none", 4) is None
    assert augmentation("crop", 4) == Crop(4, flip=False)
    assert augmentation("crop-flip", 12) == Crop(12, flip=True)
    upright, mirrored = (augmentation("autoaugment", 4, flip=flip) for flip in (False, True))
    assert isinstance(upright, AutoAugment)
    assert isinstance(mirrored, AutoAugment)
    assert (upright.crop, mirrored.crop) == (Crop(4, flip=False), Crop(4, flip=True))
