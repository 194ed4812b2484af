"""What a network is worth on images that it was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from butcher.training.data import Batch
from butcher.training.precision import Precision, autocast
from butcher.training.several import ALONE, Alone
from butcher.training.sums import Sums


@torch.no_grad()
def evaluate(
    model: nn.Module,
    batches: Iterable[Batch],
    device: torch.device,
    precision: Precision = "fp32",
    check: Callable[[], None] = lambda: None,
    group: Alone = ALONE,
) -> tuple[float, float]:
    """Mean cross-entropy and accuracy in evaluation mode; `check` is called before each batch.

    Of a group each process has its share of every batch, which may be no image at all: as many
    calls of the model as the others make.
    """
    model.eval()
    sums, whole = Sums(device), Sums(device)
    for x, y in placed(batches, device):
        check()
        with autocast(precision, device):
            logits: Tensor = model(x)
            if len(y):
                sums.add(logits, cross_entropy(logits, y), y)
    whole.add_all(sums, group, group.total(sums.images))
    return whole.means()


def placed(batches: Iterable[Batch], device: torch.device) -> Iterator[Batch]:
    """Batches, moved to `device`."""
    for x, y in batches:
        yield x.to(device, non_blocking=True), y.to(device, non_blocking=True)
