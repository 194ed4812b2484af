"""The curves of a run for TensorBoard, which is an extra."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from butcher.training.data import DataError
from butcher.training.result import EpochResult


def writer() -> Any:
    """The class that writes event files; DataError where it is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise DataError(
            "tensorboard is not installed: pip install 'butcher-torch[log]', or write "
            "tensorboard = false"
        ) from None
    return SummaryWriter


class Curves:
    """Event files in `folder`; of epochs after `epoch`, those that are there do not count."""

    def __init__(self, folder: Path, epoch: int) -> None:
        self._writer = writer()(str(folder), purge_step=epoch + 1)

    def epoch(self, result: EpochResult) -> None:
        """Each figure under its name in metrics.csv, against epochs."""
        for name, value in vars(result).items():
            if value is not None and name != "epoch":
                self._writer.add_scalar(name.replace("_", "/", 1), value, result.epoch)
        self._writer.flush()

    def coefficients(self, epoch: int, values: Sequence[tuple[int, str, float]]) -> None:
        """Each trained number of the scheme under its name and its block."""
        for block, name, value in values:
            self._writer.add_scalar(f"{name}/{block}", value, epoch)

    def close(self) -> None:
        self._writer.close()
