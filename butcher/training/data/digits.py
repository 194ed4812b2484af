"""scikit-learn's digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from butcher.training.data.error import missing
from butcher.training.data.split import Data, cut, split_in_memory

if TYPE_CHECKING:
    from butcher.training.data.options import DataOptions

TEST = 0.2  # of every digit


def digits(options: DataOptions) -> Data:
    """1797 real images (1, 8, 8) of 17 grey levels; a fifth of every digit is the test part."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise missing("scikit-learn") from None
    images, labels = load_digits(return_X_y=True)
    pixels = torch.as_tensor(images).to(torch.uint8).reshape(-1, 1, 8, 8)
    known = torch.as_tensor(labels, dtype=torch.int64)
    train, test = cut(known, TEST, options.split_seed)
    return split_in_memory(
        (pixels[train], known[train]),
        (pixels[test], known[test]),
        classes=10,
        validation=options.validation,
        seed=options.split_seed,
    )
