"""Where a training first stops being finite."""

from __future__ import annotations

import torch
from torch import Tensor

LOOK_EVERY = 20  # steps between two looks on a GPU: each look waits for it


class Watch:
    """Remembers, on the device, the first step whose loss or gradient was not finite."""

    def __init__(self, device: torch.device) -> None:
        self.every = 1 if device.type == "cpu" else LOOK_EVERY
        self._first = torch.zeros(2, dtype=torch.int64, device=device)

    def see(self, step: int, loss: Tensor, gradient: Tensor) -> None:
        """The loss of step number `step`, counted from 1, and the norm of its gradient."""
        wrong = ~torch.stack((loss, gradient)).isfinite()
        self._first = torch.where(wrong & (self._first == 0), step, self._first)

    def look(self) -> tuple[int, str] | None:
        """The first wrong step, and what was wrong: the loss, or the gradient alone."""
        loss, gradient = (int(step) for step in self._first.tolist())
        if not loss and not gradient:
            return None
        if not gradient or 0 < loss <= gradient:
            return loss, "loss"
        return gradient, "gradient"
