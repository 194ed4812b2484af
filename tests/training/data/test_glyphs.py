"""Glyphs: the same images everywhere, drawn once, readable, and no walk-over."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from butcher.training.data import Batches, Data, DataError, DataOptions, Split, load, still
from butcher.training.data.draws import Draws
from butcher.training.data.glyphs import cache, scene
from butcher.training.data.glyphs.letters import LETTERS, fields, words
from butcher.training.data.glyphs.load import drawn
from butcher.training.data.glyphs.scene import SIZE, scenes


@pytest.fixture(scope="module", autouse=True)
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Not the user's: what one test has drawn, another reads."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def user_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One that is empty at first."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "butcher"


@pytest.fixture(scope="module")
def letters() -> Tensor:
    return fields(words(10))


def small(**given: object) -> Data:
    return load(DataOptions.model_validate({"name": "glyphs", "images": 100, **given}))


def pictures(split: Split) -> Tensor:
    return torch.cat([images for images, _ in still(split, 500)])


def test_glyphs_are_colour_images_of_every_class() -> None:
    data = small()
    assert (data.in_channels, data.size, data.classes) == (3, 32, 10)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [90, 10, 20]
    assert data.validation.labels.bincount().tolist() == [1] * 10
    assert data.test.labels.bincount().tolist() == [2] * 10
    assert pictures(data.train).shape == (90, 3, SIZE, SIZE)
    hundred = small(classes=100, images=500, validation=0.2)
    assert (hundred.classes, len(hundred.test)) == (100, 100)
    assert hundred.validation.labels.bincount().tolist() == [1] * 100


def test_a_hundred_classes_are_the_pairs_of_the_ten_letters() -> None:
    assert words(10) == list(LETTERS)
    assert len(set(words(100))) == 100
    assert {len(word) for word in words(100)} == {2}
    assert set("".join(words(100))) == set(LETTERS)


def test_letters_are_whole_and_unlike(letters: Tensor) -> None:
    for texts in (letters, fields(words(100))):
        rim = torch.cat([texts[:, [0, -1]].flatten(), texts[:, :, [0, -1]].flatten()])
        assert rim.max() == 0
        assert texts.flatten(1).max(1).values.min() > 0.7
        apart = torch.cdist(texts.flatten(1), texts.flatten(1), p=1) / (texts > 0.5).sum((1, 2))
        assert apart.fill_diagonal_(9).min() > 0.1


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_every_key_reaches_the_images(part: str) -> None:
    first = getattr(small(), part)
    assert torch.equal(pictures(first), pictures(getattr(small(), part)))
    assert not torch.equal(pictures(first), pictures(getattr(small(image_seed=1), part)))
    assert len(getattr(small(images=200), part)) == 2 * len(first)
    cut = getattr(small(split_seed=1), part)
    assert torch.equal(pictures(first), pictures(cut)) == (part == "test")


def test_an_image_is_the_same_however_many_there_are(letters: Tensor) -> None:
    few, many = (drawn(letters, letters, number, key=5) for number in (40, 70))
    assert (few == many[:40]).all()


def test_an_image_depends_on_its_own_numbers_alone(letters: Tensor) -> None:
    """Up to the last bit of a byte: sines of one image are not rounded as those of many are."""
    indices = np.arange(64)
    together = scenes(letters, letters, indices % 10, Draws(3, indices)).astype(int)
    for i in (0, 17, 63):
        alone = scenes(letters, letters, indices[i : i + 1] % 10, Draws(3, indices[i : i + 1]))
        assert np.abs(alone[0] - together[i]).max() <= 1


def test_images_are_unlike_in_every_part(letters: Tensor) -> None:
    data = small()
    shown = torch.cat([pictures(part) for part in (data.train, data.validation, data.test)])
    apart = torch.cdist(shown.flatten(1), shown.flatten(1)).fill_diagonal_(torch.inf)
    assert apart.min() > 10


CODE = """
import hashlib, torch
torch.set_num_threads(2)
from butcher.training.data.glyphs.letters import fields, words
from butcher.training.data.glyphs.load import drawn
texts = fields(words(10))
print(hashlib.sha256(drawn(texts, texts, 40, 5).data).hexdigest())
"""


def test_another_process_with_more_threads_draws_the_same_bits(letters: Tensor) -> None:
    there = subprocess.run(
        [sys.executable, "-c", CODE],
        env={**os.environ, "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "2", "GOMP_SPINCOUNT": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    here = hashlib.sha256(drawn(letters, letters, 40, 5).data).hexdigest()
    assert there.stdout.strip() == here


@pytest.mark.parametrize(
    ("classes", "means"), [(10, [115.3, 91.6, 66.5, 154.3]), (100, [131.9, 73.5, 76.0, 141.3])]
)
def test_other_images_count_up_the_version(
    letters: Tensor, classes: int, means: list[float]
) -> None:
    """Else a file that is kept from before would be taken for them."""
    images = drawn(fields(words(classes)), letters, 4, key=7)
    assert scene.VERSION == 1
    np.testing.assert_allclose(images.astype(float).mean((1, 2, 3)), means, atol=0.3)


def test_the_word_is_always_there_to_see(letters: Tensor) -> None:
    """Where clutter, noise and a word's own pixels are told apart: the word has contrast."""
    indices = np.arange(128)
    bare = scenes(torch.zeros_like(letters), letters, indices % 10, Draws(1, indices))
    full = scenes(letters, letters, indices % 10, Draws(1, indices))
    change = np.abs(full.astype(int) - bare.astype(int)).max(1)
    assert (change > 25).sum((1, 2)).min() > 20
    assert np.median((change > 25).sum((1, 2))) > 100


def test_it_is_no_walk_over() -> None:
    """Nearest neighbours and a linear map of the pixels are little better than guessing."""
    data = small(images=1000, validation=0.0)
    x, y = pictures(data.train).flatten(1).double(), data.train.labels
    u, v = pictures(data.test).flatten(1).double(), data.test.labels
    nearest = (y[torch.cdist(u, x).argmin(1)] == v).double().mean()
    inner = x @ x.T + 1e4 * torch.eye(len(x))
    weights = torch.linalg.solve(inner, torch.nn.functional.one_hot(y).double())
    linear = ((u @ x.T @ weights).argmax(1) == v).double().mean()
    assert nearest < 0.3
    assert linear < 0.3


def test_crops_move_training_images_and_mirror_none() -> None:
    plain, moved = small(), small(augment="crop")
    assert torch.equal(pictures(plain.train), pictures(moved.train))
    ((x, _),), ((u, _),) = (Batches(data.train, 90, 0).epoch(0) for data in (plain, moved))
    black = -moved.train.mean / moved.train.std  # type: ignore[attr-defined]
    rim = (u == black).all(1)
    for image, still_one, dark in zip(u, x, rim, strict=True):
        rows, columns = (~dark.all(1)).nonzero(), (~dark.all(0)).nonzero()
        top, left = (8 - len(rows)) if rows[0] else 0, (8 - len(columns)) if columns[0] else 0
        assert top <= 8
        assert left <= 8
        inner = image[:, 8:24, 8:24]
        assert any(
            torch.equal(inner, still_one[:, 8 + a : 24 + a, 8 + b : 24 + b])
            for a in range(-4, 5)
            for b in range(-4, 5)
        )


# --------------------------------------------------------------------------- the file


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many parts are drawn from here on: a list that grows."""
    calls: list[int] = []
    real: Callable[..., NDArray[np.uint8]] = drawn

    def count(*given: object) -> NDArray[np.uint8]:
        calls.append(1)
        return real(*given)

    monkeypatch.setattr("butcher.training.data.glyphs.load.drawn", count)
    return calls


def test_glyphs_are_drawn_once(user_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch)
    first = small()
    assert len(calls) == 2
    assert torch.equal(pictures(small(validation=0.5).test), pictures(first.test))
    assert len(calls) == 2
    assert len(list(user_cache.iterdir())) == 2
    monkeypatch.setattr("butcher.training.data.glyphs.load.VERSION", scene.VERSION + 1)
    small()
    assert len(calls) == 4


def test_root_is_where_the_file_is_kept(tmp_path: Path, user_cache: Path) -> None:
    small(root=str(tmp_path / "here"))
    names = sorted(path.name for path in (tmp_path / "here").iterdir())
    assert [name.rpartition("-")[0] for name in names] == ["glyphs-10-100", "glyphs-10-20"]
    assert not user_cache.exists()


@pytest.mark.parametrize("damage", ["cut", "empty", "changed", "longer"])
def test_a_damaged_file_is_made_anew(user_cache: Path, damage: str) -> None:
    expected = pictures(small().train)
    path = next(path for path in user_cache.iterdir() if "-100-" in path.name)
    whole = path.read_bytes()
    changed = bytearray(whole)
    changed[5000] ^= 1
    damaged = {"cut": whole[:999], "empty": b"", "changed": bytes(changed), "longer": whole + b"x"}
    path.write_bytes(damaged[damage])
    assert torch.equal(pictures(small().train), expected)
    assert path.read_bytes() == whole


def test_a_failed_write_leaves_nothing(user_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(cache.os, "replace", fail)
    assert len(small().train) == 90  # the user's cache is a help, not a need
    assert list(user_cache.iterdir()) == []
    with pytest.raises(DataError, match=r"disk full; write another data\.root, or none"):
        small(root=str(user_cache))


def test_a_root_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"file/glyphs-.*; write another data\.root, or none"):
        small(root=str(tmp_path / "file"))
