"""What every family of networks has: options that read a `[model]` table and build from it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import nn

from butcher.models.options import Options


class ModelOptions(Options, ABC):
    """A `[model]` table. A subclass adds its keys and builds the network they describe."""

    alternatives: ClassVar[tuple[frozenset[str], ...]] = ()
    """Groups of keys of which a table gives one: setting one replaces the others."""

    family: str

    @abstractmethod
    def build(self, in_channels: int, classes: int) -> nn.Module:
        """The network, from images (N, in_channels, H, W) to logits (N, classes)."""
