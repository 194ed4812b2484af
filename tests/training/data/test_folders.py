"""Folders of images, as ImageNet is unpacked."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL.Image import Image, fromarray
from PIL.Image import open as opened

from butcher.training.data import Batches, Data, DataError, DataOptions, load, still
from butcher.training.data.folders import MEAN, SIZE, STD, centred, moved


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Three classes of four training images and one to test on, of several sizes and kinds."""
    random = np.random.default_rng(0)
    for part, number in (("train", 4), ("val", 1)):
        for label, name in enumerate(["n01", "n02", "n03"]):
            (tmp_path / part / name).mkdir(parents=True)
            for i in range(number):
                mode, bands = ("L", ()) if i == 1 else ("RGB", (3,))
                pixels = random.integers(0, 256, (60 + 20 * label, 90, *bands), dtype=np.uint8)
                ending = "png" if i % 2 else "JPEG"
                fromarray(pixels, mode).save(tmp_path / part / name / f"{i}.{ending}")
    return tmp_path


def read(folders: Path, augment: str = "crop-flip", validation: float = 0.25) -> Data:
    return load(
        DataOptions(name="imagenet", root=str(folders), augment=augment, validation=validation)  # type: ignore[arg-type]
    )


def test_validation_is_cut_from_train_and_val_is_the_test_part(folders: Path) -> None:
    data = read(folders)
    assert (data.in_channels, data.size, data.classes) == (3, SIZE, 3)
    assert data.train.labels.bincount().tolist() == [3, 3, 3]
    assert data.validation.labels.tolist() == data.test.labels.tolist() == [0, 1, 2]
    shown = [set(part.paths) for part in (data.train, data.validation, data.test)]  # type: ignore[attr-defined]
    assert len(set.union(*shown)) == 15
    assert all("val" in path for path in shown[2])
    assert not any(f"{folders}/val" in path for path in shown[0] | shown[1])


def test_images_are_224_wide_and_standardised(folders: Path) -> None:
    data = read(folders)
    ((x, _),) = still(data.test, 5)
    assert (x.shape, x.dtype) == ((3, 3, SIZE, SIZE), torch.float32)
    path = folders / "val" / "n02" / "0.JPEG"
    expected = torch.from_numpy(np.array(centred(opened(path).convert("RGB")))).permute(2, 0, 1)
    mean, std = torch.tensor([MEAN, STD])[..., None, None]
    torch.testing.assert_close(x[1].double(), (expected / 255 - mean) / std, atol=1e-4, rtol=1e-4)


def ramp(width: int, height: int) -> Image:
    """Red tells the column and green the row: from 0 to 255 each."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return fromarray(np.stack([x, y, 0 * x], axis=2).astype(np.uint8))


def test_the_middle_is_cut_where_nothing_is_augmented() -> None:
    window = np.asarray(centred(ramp(512, 1024)))
    assert window.shape == (SIZE, SIZE, 3)
    red, green = window[..., 0].astype(float), window[..., 1].astype(float)
    assert abs(red.mean() - 127.5) < 2
    assert abs(green.mean() - 127.5) < 2
    assert abs(red.max() - red.min() - 255 * SIZE / 256) < 3
    assert abs(green.max() - green.min() - 255 * SIZE / 512) < 3


@pytest.mark.parametrize(("drawn", "short"), [(0.0, 256), (0.5, 368), (0.9999, 480)])
def test_the_short_side_is_from_256_to_480(drawn: float, short: int) -> None:
    image = ramp(600, 800)
    first = np.asarray(moved(image, drawn, 0.0, 0.0, 0.9))
    last = np.asarray(moved(image, drawn, 0.9999, 0.9999, 0.9))
    spread = 255 * SIZE / short
    assert abs(float(first[..., 0].max()) - spread) < 3
    assert first[..., :2].min() == 0
    assert last[..., 0].max() >= 254
    assert last[..., 1].max() >= 254
    mirrored = np.asarray(moved(image, drawn, 0.0, 0.0, 0.1))
    assert (mirrored == first[:, ::-1]).all()


def test_two_workers_show_the_same_bits_as_none(folders: Path) -> None:
    split = read(folders).train
    alone, workers = (Batches(split, 4, 3, workers=workers) for workers in (0, 2))
    for (x, y), (u, v) in zip(alone.epoch(1), workers.epoch(1), strict=True):
        assert torch.equal(x, u)
        assert torch.equal(y, v)


@pytest.mark.parametrize("augment", ["none", "crop-flip"])
def test_only_the_training_part_is_augmented(folders: Path, augment: str) -> None:
    data = read(folders, augment, validation=0.0)
    for part in (data.train, data.test):
        everything = np.arange(len(part))
        first, second = (part.images(everything, key) for key in (1, 2))
        moved = [not torch.equal(a, b) for a, b in zip(first, second, strict=True)]
        assert moved == [augment == "crop-flip" and part is data.train] * len(part)


def test_missing_folders_and_classes_are_named(folders: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere/train: no such folder; .*nothing is downloaded"):
        read(tmp_path / "nowhere")
    (folders / "val" / "n03").rename(folders / "val" / "n04")
    with pytest.raises(DataError, match=r"train and val have other classes: n03 is in one alone"):
        read(folders)


def test_a_class_without_images_is_named(folders: Path) -> None:
    (folders / "train" / "n00").mkdir()
    with pytest.raises(DataError, match="train: Found no valid file for the classes n00"):
        read(folders)


def test_a_file_that_is_no_image_is_named(folders: Path) -> None:
    (folders / "val" / "n02" / "0.JPEG").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"n02/0\.JPEG: no image that can be read"):
        list(still(read(folders).test, 5))
