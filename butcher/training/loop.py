"""The training loop: one epoch after the other, each with its result."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from butcher.training.data import Batch, Batches, Split, still
from butcher.training.optimize import optimizer, schedule

if TYPE_CHECKING:
    from butcher.training.recipe import TrainOptions

LOOK_EVERY = 20  # steps between two looks at the loss: each look waits for the device


@dataclass(frozen=True)
class EpochResult:
    """One line of metrics.csv. Training values are means over the epoch, as it went."""

    epoch: int
    lr: float
    train_loss: float
    train_accuracy: float
    held_out_loss: float
    held_out_accuracy: float


class Diverged(Exception):
    """The loss is infinite or not a number."""

    def __init__(self, epoch: int) -> None:
        super().__init__(f"diverged: the loss is not finite in epoch {epoch}")
        self.epoch = epoch


def fit(
    model: nn.Module,
    train: Batches,
    held_out: Split,
    options: TrainOptions,
    device: torch.device,
    on_step: Callable[[], None] = lambda: None,
) -> Iterator[EpochResult]:
    """Train `model`, which is on `device`, and yield after each epoch; raises Diverged."""
    optimize = optimizer(model, options)
    rate = schedule(optimize, options, len(train))
    for epoch in range(1, options.epochs + 1):
        lr = float(rate.get_last_lr()[0])
        model.train()
        sums = Sums(device)
        for number, (x, y) in enumerate(placed(train.epoch(epoch - 1), device), start=1):
            logits, loss = forward(model, x, y, options.precision)
            optimize.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimize.step()
            rate.step()
            sums.add(logits, loss, y)
            if (number % LOOK_EVERY == 0 or number == len(train)) and not sums.finite():
                raise Diverged(epoch)
            on_step()
        batches = still(held_out, 4 * train.batch, workers=train.workers, pin=train.pin)
        yield EpochResult(epoch, lr, *sums.means(), *evaluate(model, batches, options, device))


@torch.no_grad()
def evaluate(
    model: nn.Module, data: Iterable[Batch], options: TrainOptions, device: torch.device
) -> tuple[float, float]:
    """Mean loss and accuracy in evaluation mode."""
    model.eval()
    sums = Sums(device)
    for x, y in placed(data, device):
        sums.add(*forward(model, x, y, options.precision), y)
    return sums.means()


def forward(model: nn.Module, x: Tensor, y: Tensor, precision: str) -> tuple[Tensor, Tensor]:
    """Logits (N, classes) and the mean cross-entropy; bf16 by autocast."""
    with torch.autocast(x.device.type, torch.bfloat16, enabled=precision == "bf16"):
        logits = model(x)
        return logits, cross_entropy(logits, y)


def placed(data: Iterable[Batch], device: torch.device) -> Iterator[Batch]:
    """Batches, moved to `device`."""
    for x, y in data:
        yield x.to(device, non_blocking=True), y.to(device, non_blocking=True)


class Sums:
    """Loss and hits summed over images, kept on the device in double precision."""

    def __init__(self, device: torch.device) -> None:
        self.loss, self.hits = torch.zeros(2, dtype=torch.float64, device=device)
        self.images = 0

    def add(self, logits: Tensor, loss: Tensor, y: Tensor) -> None:
        self.loss += loss.detach().double() * len(y)
        self.hits += (logits.argmax(dim=1) == y).sum()
        self.images += len(y)

    def finite(self) -> bool:
        return math.isfinite(self.loss.item())

    def means(self) -> tuple[float, float]:
        return self.loss.item() / self.images, self.hits.item() / self.images
