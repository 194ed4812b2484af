"""The glyphs that a recipe asks for, drawn once and kept in a file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from butcher.training.data import draws
from butcher.training.data.augment import augmentation
from butcher.training.data.draws import Draws
from butcher.training.data.glyphs.cache import default_folder, kept
from butcher.training.data.glyphs.letters import fields, words
from butcher.training.data.glyphs.scene import SIZE, VERSION, scenes
from butcher.training.data.split import Data, split_in_memory

if TYPE_CHECKING:
    from butcher.training.data.options import DataOptions

TEST = 5  # images of the training part for each image of the test part
PAD = 4

_AT_ONCE = 32  # images; also those of a part's end are drawn with so many, and the rest left
_TRAIN, _TEST = 0, 1  # what the key of the images is for


def glyphs(options: DataOptions) -> Data:
    """`images` training images (3, 32, 32) of letters, and a fifth of that to test on.

    Image i of a part shows class i modulo `classes`, and is the same however many there are. They
    are drawn once, then read from a file in `root` or in the user's cache.
    """
    assert options.images is not None
    assert options.classes is not None
    assert options.image_seed is not None
    parts = []
    for part, number in (_TRAIN, options.images), (_TEST, options.images // TEST):
        parts.append(_part(options.classes, number, draws.key(options.image_seed, part), options))
    return split_in_memory(
        *parts,
        classes=options.classes,
        validation=options.validation,
        seed=options.split_seed,
        augment=augmentation(options.augment, PAD, flip=False),
    )


def _part(classes: int, number: int, key: int, options: DataOptions) -> tuple[Tensor, Tensor]:
    """Pixels (number, 3, SIZE, SIZE) in bytes, and labels (number,)."""
    texts, letters = fields(words(classes)), fields(words(10))
    about = f"{VERSION} {classes} {number} {key}".encode()
    # The letters themselves: another Pillow may bring another font.
    digest = hashlib.sha256(about + texts.numpy().tobytes()).hexdigest()[:16]
    pixels = kept(
        Path(options.root) if options.root else default_folder(),
        f"glyphs-{classes}-{number}-{digest}.bin",
        (number, 3, SIZE, SIZE),
        lambda: drawn(texts, letters, number, key),
        needed=options.root is not None,
    )
    return torch.from_numpy(pixels), torch.arange(number) % classes


def drawn(texts: Tensor, letters: Tensor, number: int, key: int) -> NDArray[np.uint8]:
    """The images 0 ... number - 1 of a part: (number, 3, SIZE, SIZE)."""
    found = np.empty((number, 3, SIZE, SIZE), np.uint8)
    for begin in range(0, number, _AT_ONCE):
        indices = np.arange(begin, begin + _AT_ONCE)
        images = scenes(texts, letters, indices % len(texts), Draws(key, indices))
        found[begin : begin + _AT_ONCE] = images[: number - begin]
    return found
