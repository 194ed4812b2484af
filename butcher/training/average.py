"""The exponential moving average of a network."""

from __future__ import annotations

from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


def averaged(model: nn.Module, decay: float) -> AveragedModel:
    """After each step: decay * average + (1 - decay) * weights; after the first, the weights.

    The statistics of a normalisation are averaged alike: those of the newest weights are not
    those that the averaged ones see. Counts of batches are no averages, and stay at their start.
    """
    moved = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
    return AveragedModel(model, multi_avg_fn=moved, use_buffers=True)
