"""One step of the optimizer: its loss, gradient, limit, and what must not be infinite."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn, optim
from torch.amp import GradScaler
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from butcher.training.data import Batch
from butcher.training.options import TrainOptions
from butcher.training.precision import autocast
from butcher.training.sums import Sums


@dataclass(frozen=True)
class Stepper:
    """Makes steps of `optimizer`.

    forward     from images to logits: the network, or what is compiled of it.
    parameters  those that have gradients.
    """

    forward: Callable[[Tensor], Tensor]
    parameters: list[nn.Parameter]
    optimizer: optim.Optimizer
    scaler: GradScaler
    options: TrainOptions

    def gradient(self, batch: Batch, sums: Sums) -> tuple[Tensor, Tensor]:
        """Loss of the batch and norm of its gradient, which is then in the parameters.

        The batch is cut in `accumulate` parts, each weighted by its images. The gradient is
        limited to a norm of `clip`; the norm is that before.
        """
        self.optimizer.zero_grad(set_to_none=True)
        x, y = batch
        total = torch.zeros((), dtype=torch.float32, device=x.device)
        parts = self.options.accumulate
        for images, labels in zip(x.chunk(parts), y.chunk(parts), strict=True):
            logits, loss = self._loss(images, labels)
            share = loss * (len(labels) / len(y)) if len(labels) < len(y) else loss
            self.scaler.scale(share).backward()  # type: ignore[no-untyped-call]
            total += share.detach()
            sums.add(logits, loss, labels)
        self.scaler.unscale_(self.optimizer)
        norm = get_total_norm([p.grad for p in self.parameters if p.grad is not None])
        if self.options.clip is not None:
            clip_grads_with_norm_(self.parameters, self.options.clip, norm)
        return total, norm

    def apply(self, lr: float) -> None:
        """Change the parameters by their gradients; in fp16 not by infinite ones."""
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        self.scaler.step(self.optimizer)
        self.scaler.update()

    def _loss(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, classes) and the mean cross-entropy, with smoothed labels."""
        with autocast(self.options.precision, x.device):
            logits = self.forward(x)
            return logits, cross_entropy(logits, y, label_smoothing=self.options.label_smoothing)
