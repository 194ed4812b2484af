"""A small network of every family, and the data that it reads."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from butcher.models import Network, build
from butcher.models.family import FAMILIES

CLASSES = 5

# Two stages, so that every kind of block is there, the one that changes shape included.
IMAGES: dict[str, Any] = {"widths": [4, 8], "blocks": [2, 1]}
TABLES: dict[str, dict[str, Any]] = {
    **dict.fromkeys(FAMILIES, IMAGES),
    "wide-resnet": {**IMAGES, "stem_width": 4},
    "shake-shake": {**IMAGES, "stem_width": 4},
    "revnet": {"widths": [8, 16], "blocks": [2, 1]},
    "ho-resnet": {**IMAGES, "scheme": "midpoint", "step": "learned"},
    "fractalnet": {"widths": [4, 8], "blocks": 1},
    "densenet": {**IMAGES, "widths": [4, 4], "growth": 3},
    "transformer": {"widths": [8], "blocks": 2},
    "mlp": {"widths": [8], "blocks": 2},
}


def small(family: str, **changes: Any) -> Network:
    """A network of the family, of a few thousand numbers."""
    in_channels = 6 if family == "mlp" else 3
    return build({"family": family, **TABLES[family], **changes}, in_channels, CLASSES)


def data(family: str, number: int = 2, places: int = 16) -> Tensor:
    """So many samples as the family reads them: vectors, or images of 16 x 16 pixels."""
    size = (6,) if family == "mlp" else (3, places, places)
    return torch.randn(number, *size)


def used(family: str, **changes: Any) -> Network:
    """The same in evaluation mode, after its normalisations have seen data."""
    network = small(family, **changes).train()
    for _ in range(2):
        network(data(family, 4))
    return network.eval()
