"""The digits, and CIFAR from a tiny archive in the published format."""

import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.data import Dataset

from butcher.training import data
from butcher.training.data import DataError, load, loaders
from butcher.training.recipe import DataOptions


def tensors(images: Dataset[Any]) -> tuple[Tensor, Tensor]:
    x, y = zip(*(images[i] for i in range(len(images))), strict=True)  # type: ignore[arg-type]
    return torch.stack(x), torch.stack(y)


def test_a_fifth_of_every_digit_is_held_out() -> None:
    digits = load(DataOptions())
    (x, y), (_, held_out) = tensors(digits.train), tensors(digits.held_out)
    assert x.shape == (1437, 1, 8, 8)
    assert (x.dtype, len(held_out)) == (torch.float32, 360)
    fractions = held_out.bincount() / torch.cat([y, held_out]).bincount()
    assert fractions.sub(0.2).abs().max() < 0.01
    torch.testing.assert_close(x.mean(), torch.tensor(0.0, dtype=x.dtype), atol=1e-5, rtol=0)
    torch.testing.assert_close(x.std(), torch.tensor(1.0, dtype=x.dtype))


def test_the_split_depends_on_its_seed_alone() -> None:
    first, again, other = (
        tensors(load(DataOptions(split_seed=seed)).held_out)[0] for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_shuffling_depends_on_the_seed_alone() -> None:
    options = DataOptions()
    digits = load(options)

    def order(seed: int) -> Tensor:
        return torch.cat([y for _, y in loaders(digits, options, seed)[0]])

    first = order(3)
    torch.manual_seed(99)
    assert torch.equal(order(3), first)
    assert not torch.equal(order(4), first)


def test_an_epoch_is_shuffled_anew() -> None:
    options = DataOptions()
    train, _ = loaders(load(options), options, seed=0)
    first, second = (torch.cat([y for _, y in train]) for _ in range(2))
    assert not torch.equal(first, second)
    assert torch.equal(first.sort().values, second.sort().values)


@pytest.fixture
def tiny_cifar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve training and four test images, as CIFAR-10 and CIFAR-100 store theirs."""
    from torchvision import datasets

    random = np.random.default_rng(0)

    def store(path: Path, images: int, label: str) -> None:
        path.parent.mkdir(exist_ok=True)
        x = random.integers(0, 256, (images, 3 * 32 * 32), dtype=np.uint8)
        path.write_bytes(pickle.dumps({"data": x, label: [i % 10 for i in range(images)]}))

    ten, hundred = tmp_path / "cifar-10-batches-py", tmp_path / "cifar-100-python"
    for batch in ("data_batch_1", "data_batch_2"):
        store(ten / batch, 6, "labels")
    store(ten / "test_batch", 4, "labels")
    store(hundred / "train", 12, "fine_labels")
    store(hundred / "test", 4, "fine_labels")
    (ten / "batches.meta").write_bytes(pickle.dumps({"label_names": list("abcdefghij")}))
    (hundred / "meta").write_bytes(pickle.dumps({"fine_label_names": ["x"] * 100}))
    # The published files' checksums are not those of these.
    for kind, train, test in (
        (datasets.CIFAR10, ["data_batch_1", "data_batch_2"], "test_batch"),
        (datasets.CIFAR100, ["train"], "test"),
    ):
        monkeypatch.setattr(kind, "train_list", [[name, None] for name in train])
        monkeypatch.setattr(kind, "test_list", [[test, None]])
        monkeypatch.setattr(kind, "meta", {**kind.meta, "md5": None})
    return tmp_path


@pytest.mark.parametrize(("name", "classes"), [("cifar10", 10), ("cifar100", 100)])
def test_cifar_is_read_and_standardised(tiny_cifar: Path, name: str, classes: int) -> None:
    cifar = load(DataOptions(name=name, root=str(tiny_cifar)))
    (x, y), (_, held_out) = tensors(cifar.train), tensors(cifar.held_out)
    assert (x.shape, x.dtype) == ((12, 3, 32, 32), torch.float32)
    assert (y.dtype, len(held_out)) == (torch.int64, 4)
    assert (cifar.in_channels, cifar.classes) == (3, classes)
    mean, std = data.STATISTICS[name]
    folder = tiny_cifar / (
        "cifar-10-batches-py/data_batch_1" if classes == 10 else "cifar-100-python/train"
    )
    red = pickle.loads(folder.read_bytes())["data"][0, 0] / 255  # fmt: skip
    assert x[0, 0, 0, 0].item() == pytest.approx((red - mean[0]) / std[0], abs=1e-5)


def test_crops_and_flips_change_the_training_images_alone(tiny_cifar: Path) -> None:
    plain, moved = (
        load(DataOptions(name="cifar10", root=str(tiny_cifar), augment=augment))
        for augment in ("none", "crop-flip")
    )
    assert not torch.equal(tensors(moved.train)[0], tensors(moved.train)[0])
    assert torch.equal(tensors(moved.held_out)[0], tensors(plain.held_out)[0])
    assert tensors(moved.train)[0].shape == tensors(plain.train)[0].shape


@pytest.mark.parametrize("workers", [0, 1])
def test_augmented_batches_are_the_same_at_every_run(tiny_cifar: Path, workers: int) -> None:
    options = DataOptions(
        name="cifar10", root=str(tiny_cifar), augment="crop-flip", batch=5, workers=workers
    )

    def images() -> Tensor:
        torch.manual_seed(0)
        return torch.cat([x for x, _ in loaders(load(options), options, seed=0)[0]])

    assert torch.equal(images(), images())


def test_cifar_is_never_downloaded(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cifar-10-batches-py: no such folder; unpack"):
        load(DataOptions(name="cifar10", root=str(tmp_path)))


def test_damaged_files_are_named(tiny_cifar: Path) -> None:
    (tiny_cifar / "cifar-10-batches-py" / "test_batch").unlink()
    with pytest.raises(DataError, match="missing or damaged"):
        load(DataOptions(name="cifar10", root=str(tiny_cifar)))


@pytest.mark.parametrize(
    ("package", "module", "name"),
    [
        ("scikit-learn", "sklearn.datasets", "digits"),
        ("torchvision", "torchvision", "cifar10"),
    ],
)
def test_a_missing_package_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, package: str, module: str, name: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(DataError) as wrong:
        load(DataOptions(name=name, root=str(tmp_path)))
    assert str(wrong.value) == f"{package} is not installed: pip install 'butcher-torch[train]'"
