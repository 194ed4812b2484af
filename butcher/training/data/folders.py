"""Images in folders, as ImageNet is unpacked: train/CLASS/FILE and val/CLASS/FILE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from butcher.training.data.draws import Draws
from butcher.training.data.error import DataError, missing
from butcher.training.data.split import Data, Indices, cut, standardised

if TYPE_CHECKING:
    from PIL.Image import Image

    from butcher.training.data.options import DataOptions

SIZE = 224
SHORT = (256, 480)  # the short side in training, of whole pixels; 256 where nothing is augmented

# Mean and standard deviation of each channel of ImageNet, in [0, 1].
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def folders(options: DataOptions) -> Data:
    """Train is cut from train/ and validation with it; val/, which has labels, is the test part."""
    root = Path(options.root or "")
    paths, labels, names = _listed(root / "train")
    test_paths, test_labels, test_names = _listed(root / "val")
    if test_names != names:
        odd = sorted(set(names) ^ set(test_names))[0]
        raise DataError(f"{root}: train and val have other classes: {odd} is in one alone")
    kept, held = cut(labels, options.validation, options.split_seed)
    moved = options.augment != "none"
    return Data(
        OnDisk([paths[i] for i in kept], labels[kept], moved),
        OnDisk([paths[i] for i in held], labels[held]),
        OnDisk(test_paths, test_labels),
        in_channels=3,
        size=SIZE,
        classes=len(names),
    )


@dataclass(frozen=True)
class OnDisk:
    """A split whose images are read when they are asked for."""

    paths: Sequence[str]
    labels: Tensor
    moved: bool = False

    def __len__(self) -> int:
        return len(self.paths)

    def images(self, indices: Indices, key: int | None = None) -> Tensor:
        if key is None or not self.moved:
            windows = [centred(_opened(self.paths[i])) for i in indices]
        else:
            drawn = Draws(key, indices).uniform(4)
            windows = [
                moved(_opened(self.paths[i]), *numbers)
                for i, numbers in zip(indices, drawn.tolist(), strict=True)
            ]
        pixels = torch.from_numpy(np.stack([np.asarray(window) for window in windows]))
        mean, std = 255 * torch.tensor((MEAN, STD), dtype=torch.float32)[:, :, None, None]
        return standardised(pixels.permute(0, 3, 1, 2).contiguous(), mean, std)


def centred(image: Image) -> Image:
    """The middle of the image, after its short side is 256."""
    image = _scaled(image, SHORT[0])
    return _window(image, 0.5, 0.5)


def moved(image: Image, short: float, x: float, y: float, flip: float) -> Image:
    """A window anywhere in the image, after its short side is anything in SHORT; mirrored or not.

    All numbers are in [0, 1). He et al., "Deep residual learning for image recognition" (2016),
    section 3.4.
    """
    low, high = SHORT
    window = _window(_scaled(image, low + int(short * (high - low + 1))), x, y)
    return window.transpose(_mirror()) if flip < 0.5 else window


def _scaled(image: Image, short: int) -> Image:
    from PIL.Image import Resampling

    scale = short / min(image.size)
    size = [max(short, round(scale * side)) for side in image.size]
    return image.resize((size[0], size[1]), Resampling.BILINEAR)


def _window(image: Image, x: float, y: float) -> Image:
    left = int(x * (image.width - SIZE + 1))
    top = int(y * (image.height - SIZE + 1))
    return image.crop((left, top, left + SIZE, top + SIZE))


def _mirror() -> Any:
    from PIL.Image import Transpose

    return Transpose.FLIP_LEFT_RIGHT


def _opened(path: str) -> Image:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except (UnidentifiedImageError, OSError) as wrong:
        raise DataError(f"{path}: no image that can be read ({type(wrong).__name__})") from None


def _listed(folder: Path) -> tuple[list[str], Tensor, list[str]]:
    """Paths, labels and the names of the classes, in the order of the names."""
    try:
        from torchvision.datasets import ImageFolder
    except ImportError:
        raise missing("torchvision") from None
    if not folder.is_dir():
        mend = "it holds a folder for each class, with its images (nothing is downloaded)"
        raise DataError(f"{folder}: no such folder; {mend}")
    try:
        found = ImageFolder(folder)
    except FileNotFoundError as wrong:
        raise DataError(f"{folder}: {str(wrong).splitlines()[0]}") from None
    paths = [path for path, _ in found.samples]
    return paths, torch.tensor(found.targets, dtype=torch.int64), list(found.classes)
