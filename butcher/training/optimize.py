"""The optimizer and the learning rate, step for step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn, optim
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    LinearLR,
    LRScheduler,
    MultiStepLR,
    SequentialLR,
)

from butcher.models.decay import param_groups

if TYPE_CHECKING:
    from butcher.training.recipe import TrainOptions

WARMUP_START = 0.01  # of the learning rate


def optimizer(model: nn.Module, options: TrainOptions) -> optim.Optimizer:
    """SGD or AdamW over every parameter of the model; numbers of the schemes do not decay."""
    groups = param_groups(model, options.weight_decay)
    if options.optimizer == "adamw":
        return optim.AdamW(groups, lr=options.lr)
    return optim.SGD(groups, lr=options.lr, momentum=options.momentum, nesterov=options.nesterov)


def schedule(
    optimizer: optim.Optimizer, options: TrainOptions, steps_per_epoch: int
) -> LRScheduler:
    """The learning rate after each step of the optimizer.

    The rest of the schedule begins where the warm-up ends; milestones count from the start.
    """
    warm = round(options.warmup * steps_per_epoch)
    left = max(1, options.epochs * steps_per_epoch - warm)
    after: LRScheduler
    if options.schedule == "cosine":
        after = CosineAnnealingLR(optimizer, T_max=left, eta_min=options.lr_min)
    elif options.schedule == "step":
        milestones = [m * steps_per_epoch - warm for m in options.milestones]
        after = MultiStepLR(optimizer, milestones, gamma=options.gamma)
    else:
        after = ConstantLR(optimizer, factor=1.0)
    if warm == 0:
        return after
    ramp = LinearLR(optimizer, start_factor=WARMUP_START, total_iters=warm)
    return SequentialLR(optimizer, [ramp, after], milestones=[warm])
