"""The digits, and how any set is cut in train, validation and test."""

import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from butcher.training.data import Data, DataError, DataOptions, Split, load, still
from butcher.training.data.split import cut, statistics


def parts(data: Data) -> list[Split]:
    return [data.train, data.validation, data.test]


def pictures(split: Split) -> Tensor:
    return torch.cat([images for images, _ in still(split, 500)]) if len(split) else torch.empty(0)


def test_the_digits_are_60_20_20_of_every_class() -> None:
    digits = load(DataOptions())
    assert (digits.in_channels, digits.size, digits.classes) == (1, 8, 10)
    assert [len(part) for part in parts(digits)] == [1079, 359, 359]
    counts = torch.stack([part.labels.bincount(minlength=10) for part in parts(digits)])
    shares = counts / counts.sum(0)
    expected = torch.tensor([0.6, 0.2, 0.2])[:, None].expand(3, 10)
    torch.testing.assert_close(shares, expected, atol=0.006, rtol=0, check_dtype=False)


def test_no_image_is_in_two_parts() -> None:
    """1797 images, of which two happen to be alike in scikit-learn's own files, or none."""
    from sklearn.datasets import load_digits

    whole = {image.tobytes() for image in load_digits().images}
    shown = [{tuple(x.flatten().tolist()) for x in pictures(p)} for p in parts(load(DataOptions()))]
    assert sum(map(len, shown)) == len(whole) == 1797
    assert not shown[0] & shown[1]
    assert not shown[0] & shown[2]
    assert not shown[1] & shown[2]


def test_images_of_the_training_part_have_mean_0_and_deviation_1() -> None:
    x = pictures(load(DataOptions(validation=0.0)).train)
    assert x.dtype == torch.float32
    assert x.mean().abs() < 1e-5
    assert abs(x.std() - 1) < 1e-4
    assert torch.equal(
        pictures(load(DataOptions(validation=0.5)).test), pictures(load(DataOptions()).test)
    )


def test_the_split_depends_on_its_seed_alone() -> None:
    first, again, other = (load(DataOptions(split_seed=seed)) for seed in (0, 0, 1))
    for a, b, c in zip(parts(first), parts(again), parts(other), strict=True):
        assert torch.equal(pictures(a), pictures(b))
        assert not torch.equal(a.labels, c.labels)


def test_a_validation_part_is_cut_from_the_training_part_alone() -> None:
    with_one, without = load(DataOptions()), load(DataOptions(validation=0.0))
    assert len(without.validation) == 0
    assert len(without.train) == len(with_one.train) + len(with_one.validation)
    assert torch.equal(without.test.labels, with_one.test.labels)


def test_a_validation_part_of_nothing_is_said() -> None:
    with pytest.raises(DataError, match=r"validation = 0\.001 .* write 0"):
        load(DataOptions(validation=0.001))


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=200),
    st.floats(0, 0.99),
    st.integers(0, 2**63 - 1),
)
def test_a_cut_is_in_two_disjoint_parts_stratified(
    labels: list[int], fraction: float, seed: int
) -> None:
    try:
        kept, held = cut(torch.tensor(labels), fraction, seed)
    except DataError:
        assert all(round(fraction * labels.count(label)) == 0 for label in labels)
        return
    assert sorted([*kept, *held]) == list(range(len(labels)))
    for label in range(5):
        held_of_class = sum(labels[i] == label for i in held)
        assert held_of_class == round(fraction * labels.count(label))


def test_statistics_are_those_of_the_pixels() -> None:
    pixels = torch.randint(0, 256, (5000, 3, 2, 2)).to(torch.uint8)
    pixels[:, 2] = 7
    mean, std = statistics(pixels)
    x = pixels.double()
    torch.testing.assert_close(mean.flatten().double(), x.mean((0, 2, 3)))
    expected = x.std((0, 2, 3), correction=0)
    expected[2] = 1  # a channel without contrast is not divided by 0
    torch.testing.assert_close(std.flatten().double(), expected)


@pytest.mark.parametrize(
    ("package", "module", "options"),
    [
        ("scikit-learn", "sklearn.datasets", DataOptions()),
        ("Pillow", "PIL", DataOptions(name="glyphs", images=50)),
        (
            "torchvision",
            "torchvision",
            DataOptions(name="glyphs", images=50, augment="autoaugment"),
        ),
    ],
)
def test_a_missing_package_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: object,
    package: str,
    module: str,
    options: DataOptions,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setitem(sys.modules, module, None)
    for name in [name for name in sys.modules if name.startswith(f"{module}.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(DataError) as wrong:
        load(options)
    assert str(wrong.value) == f"{package} is not installed: pip install 'butcher-torch[train]'"


def test_labels_are_whole_numbers() -> None:
    assert all(part.labels.dtype == torch.int64 for part in parts(load(DataOptions())))
    assert np.unique(load(DataOptions()).train.labels).tolist() == list(range(10))
