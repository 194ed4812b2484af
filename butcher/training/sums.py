"""What is measured: loss and hits, summed over images."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from butcher.training.several import Alone


class Sums:
    """Loss and hits summed over images, kept on the device in double precision."""

    def __init__(self, device: torch.device) -> None:
        self.loss, self.hits = torch.zeros(2, dtype=torch.float64, device=device)
        self.images = 0

    def add(self, logits: Tensor, loss: Tensor, y: Tensor) -> None:
        """The mean `loss` of the images whose labels are `y`."""
        self.loss += loss.detach().double() * len(y)
        self.hits += (logits.detach().argmax(dim=1) == y).sum()
        self.images += len(y)

    def add_all(self, part: Sums, group: Alone, images: int) -> None:
        """What the processes of `group` have summed up over `images` images in all."""
        both = torch.stack((part.loss, part.hits))
        group.sum(both)
        self.loss += both[0]
        self.hits += both[1]
        self.images += images

    def means(self) -> tuple[float, float]:
        """Mean loss and accuracy."""
        return self.loss.item() / self.images, self.hits.item() / self.images

    def state(self) -> dict[str, Any]:
        """For a checkpoint: the same bits."""
        return {"loss": self.loss.item(), "hits": self.hits.item(), "images": self.images}

    def load(self, state: dict[str, Any]) -> None:
        """The sums of a checkpoint."""
        self.loss.fill_(state["loss"])
        self.hits.fill_(state["hits"])
        self.images = state["images"]
