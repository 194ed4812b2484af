"""CIFAR and STL-10 from tiny archives in the published formats."""

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from butcher.training.data import Batches, Data, DataError, DataOptions, Split, load, still

NAMES = ["cifar10", "cifar100", "stl10"]
FOLDERS = {
    "cifar10": "cifar-10-batches-py",
    "cifar100": "cifar-100-python",
    "stl10": "stl10_binary",
}


def pictures(split: Split) -> Tensor:
    return torch.cat([images for images, _ in still(split, 500)])


@pytest.fixture
def archives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Forty training and ten test images of each, four and one of every class they have."""
    from torchvision import datasets

    random = np.random.default_rng(0)
    for folder in FOLDERS.values():
        (tmp_path / folder).mkdir()

    def cifar(path: str, images: int, label: str) -> None:
        x = random.integers(0, 256, (images, 3 * 32 * 32), dtype=np.uint8)
        entry = {"data": x, label: [i % 10 for i in range(images)]}
        (tmp_path / path).write_bytes(pickle.dumps(entry))

    def stl(part: str, images: int) -> None:
        x = random.integers(0, 256, (images, 3, 96, 96), dtype=np.uint8)
        (tmp_path / "stl10_binary" / f"{part}_X.bin").write_bytes(x.tobytes())
        y = (np.arange(images) % 10 + 1).astype(np.uint8)
        (tmp_path / "stl10_binary" / f"{part}_y.bin").write_bytes(y.tobytes())

    cifar("cifar-10-batches-py/data_batch_1", 20, "labels")
    cifar("cifar-10-batches-py/data_batch_2", 20, "labels")
    cifar("cifar-10-batches-py/test_batch", 10, "labels")
    cifar("cifar-100-python/train", 40, "fine_labels")
    cifar("cifar-100-python/test", 10, "fine_labels")
    names = pickle.dumps({"label_names": list("abcdefghij")})
    (tmp_path / "cifar-10-batches-py" / "batches.meta").write_bytes(names)
    names = pickle.dumps({"fine_label_names": ["x"] * 100})
    (tmp_path / "cifar-100-python" / "meta").write_bytes(names)
    stl("train", 40)
    stl("test", 10)
    # The published files' checksums are not those of these.
    for kind, train, test in (
        (datasets.CIFAR10, ["data_batch_1", "data_batch_2"], ["test_batch"]),
        (datasets.CIFAR100, ["train"], ["test"]),
        (
            datasets.STL10,
            ["train_X.bin", "train_y.bin", "unlabeled_X.bin"],
            ["test_X.bin", "test_y.bin"],
        ),
    ):
        monkeypatch.setattr(kind, "train_list", [[name, None] for name in train])
        monkeypatch.setattr(kind, "test_list", [[name, None] for name in test])
    for kind in (datasets.CIFAR10, datasets.CIFAR100):
        monkeypatch.setattr(kind, "meta", {**kind.meta, "md5": None})
    return tmp_path


def read(archives: Path, name: str, augment: str = "none", validation: float = 0.25) -> Data:
    return load(
        DataOptions(name=name, root=str(archives), augment=augment, validation=validation)  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("name", NAMES)
def test_an_archive_is_read_cut_and_standardised(archives: Path, name: str) -> None:
    data = read(archives, name)
    size = 96 if name == "stl10" else 32
    assert (data.in_channels, data.size, data.classes) == (
        3,
        size,
        100 if name[-3:] == "100" else 10,
    )
    assert [len(part) for part in (data.train, data.validation, data.test)] == [30, 10, 10]
    assert data.validation.labels.sort().values.tolist() == list(range(10))
    assert data.test.labels.tolist() == list(range(10))
    x = pictures(data.train)
    assert (x.shape, x.dtype) == ((30, 3, size, size), torch.float32)
    x = torch.cat([x, pictures(data.validation)])
    assert x.mean((0, 2, 3)).abs().max() < 1e-4
    assert (x.std((0, 2, 3)) - 1).abs().max() < 1e-3


def test_a_pixel_is_where_the_file_has_it(archives: Path) -> None:
    """The test part: one whole file in order. Red first, rows first; in STL-10 columns first."""
    cifar = pictures(read(archives, "cifar10").test)
    stored = pickle.loads((archives / "cifar-10-batches-py" / "test_batch").read_bytes())["data"]
    stl = pictures(read(archives, "stl10").test)
    columns = np.fromfile(archives / "stl10_binary" / "test_X.bin", np.uint8)
    for found, bytes_ in (
        (cifar, stored.reshape(-1, 3, 32, 32)),
        (stl, columns.reshape(-1, 3, 96, 96).swapaxes(2, 3)),
    ):
        expected = torch.from_numpy(bytes_.copy()).double()
        for channel in range(3):  # one line each, from bytes to standardised values
            x, y = expected[:, channel].flatten(), found[:, channel].flatten().double()
            slope = (y.max() - y.min()) / (x.max() - x.min())
            torch.testing.assert_close(y, y.min() + slope * (x - x.min()), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("name", "width"), [("cifar10", 4), ("cifar100", 4), ("stl10", 12)])
def test_crops_are_padded_as_in_the_papers(archives: Path, name: str, width: int) -> None:
    """The widest rim of zeros that forty epochs show."""
    data = read(archives, name, "crop-flip", validation=0.0)
    black = (0 - data.train.mean / data.train.std).flatten()  # type: ignore[attr-defined]
    widest = 0
    for epoch in range(40):
        for x, _ in Batches(data.train, 40, 0).epoch(epoch):
            rim = (x == black[:, None, None]).all(1).all(2)  # rows that are all padding
            widest = max(widest, int(rim.sum(1).max()))
    assert widest == width


@pytest.mark.parametrize("augment", ["crop-flip", "autoaugment"])
@pytest.mark.parametrize("name", NAMES)
def test_only_training_images_are_augmented(archives: Path, name: str, augment: str) -> None:
    plain, moved = read(archives, name), read(archives, name, augment)
    (one,), (two,) = (list(Batches(data.train, 30, 0).epoch(0)) for data in (plain, moved))
    assert torch.equal(one[1], two[1])
    assert one[0].shape == two[0].shape
    assert not torch.equal(one[0], two[0])
    for part in ("train", "validation", "test"):
        assert torch.equal(pictures(getattr(plain, part)), pictures(getattr(moved, part)))


def test_stl10_needs_no_unlabelled_images(archives: Path) -> None:
    assert not (archives / "stl10_binary" / "unlabeled_X.bin").exists()
    assert len(read(archives, "stl10").train) == 30


@pytest.mark.parametrize("name", NAMES)
def test_an_archive_is_never_downloaded(tmp_path: Path, name: str) -> None:
    version = "binary" if name == "stl10" else "Python"
    with pytest.raises(DataError) as wrong:
        load(DataOptions(name=name, root=str(tmp_path)))
    assert str(wrong.value) == (
        f"{tmp_path / FOLDERS[name]}: no such folder; unpack the {version} version of {name} "
        f"in {tmp_path} (nothing is downloaded)"
    )


@pytest.mark.parametrize(
    "path", ["cifar-10-batches-py/test_batch", "cifar-100-python/meta", "stl10_binary/test_y.bin"]
)
def test_missing_files_are_named(archives: Path, path: str) -> None:
    (archives / path).unlink()
    folder = path.partition("/")[0]
    name = next(name for name in NAMES if FOLDERS[name] == folder)
    with pytest.raises(DataError, match=f"{folder}: files are missing or damaged; unpack"):
        read(archives, name)


def test_a_file_that_is_not_the_published_one_is_never_unpickled(
    archives: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision import datasets

    monkeypatch.setattr(datasets.CIFAR10, "test_list", [["test_batch", "0" * 32]])
    monkeypatch.setattr(pickle, "load", lambda *_, **__: pytest.fail("unpickled"))
    with pytest.raises(DataError, match="missing or damaged"):
        read(archives, "cifar10")


def test_a_missing_torchvision_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, archives: Path
) -> None:
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(
        DataError, match=r"^torchvision is not installed: pip install 'butcher-torch"
    ):
        read(archives, "cifar10")
