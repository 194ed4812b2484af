"""What is measured of an epoch, and how a training ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class EpochResult:
    """One line of metrics.csv.

    epoch       counted from 1.
    step        steps of the optimizer since the start.
    lr          the learning rate with which the epoch began.
    train_*     means over the epoch, as it went: in training mode, of weights that changed.
    validation_*  of the network at the end of the epoch, the averaged one where there is one;
                None where no images are held back.
    seconds     of training since the start, without evaluation and writing.
    """

    epoch: int
    step: int
    lr: float
    train_loss: float
    train_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    seconds: float


class Diverged(Exception):
    """The loss, its gradient or the weights are infinite or not a number; `step` of the epoch."""

    def __init__(self, what: str, epoch: int, step: int, lr: float) -> None:
        verb = "are" if what == "weights" else "is"
        super().__init__(
            f"diverged: the {what} {verb} not finite in epoch {epoch}, step {step}, "
            f"at a learning rate of {lr:.4g}"
        )
        self.epoch, self.step, self.lr = epoch, step, lr


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    last     the last whole epoch.
    message  why a run stopped early, and what to do.
    signal   that interrupted it.
    test_*   on the test part, None where it was not touched.
    """

    kind: Literal["done", "diverged", "interrupted"]
    last: EpochResult | None
    message: str = ""
    signal: int | None = None
    test_loss: float | None = None
    test_accuracy: float | None = None
