"""The optimizer, and the learning rate of every step."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from torch import nn, optim

from butcher.models.decay import param_groups

if TYPE_CHECKING:
    from butcher.training.options import TrainOptions

WARMUP_START = 0.01  # of the learning rate


def optimizer(model: nn.Module, options: TrainOptions) -> optim.Optimizer:
    """SGD or AdamW over every parameter of the model; numbers of the schemes do not decay."""
    groups = param_groups(model, options.weight_decay)
    if options.optimizer == "adamw":
        return optim.AdamW(groups, lr=options.lr)
    return optim.SGD(groups, lr=options.lr, momentum=options.momentum, nesterov=options.nesterov)


def rate(options: TrainOptions, step: int, steps_per_epoch: int) -> float:
    """The learning rate of step number `step`, counted from 0 through all epochs.

    A function of the step alone, so a training that goes on needs to know nothing else. The rest
    of the schedule begins where the warm-up ends; milestones and restarts count from the start.
    """
    warm = round(options.warmup * steps_per_epoch)
    if step < warm:
        return options.lr * (WARMUP_START + (1 - WARMUP_START) * step / warm)
    if options.schedule == "cosine":
        begin, end = _cycle(options, step, steps_per_epoch)
        begin = max(begin, warm)
        down = (1 + math.cos(math.pi * (step - begin) / (end - begin))) / 2
        return options.lr_min + (options.lr - options.lr_min) * down
    passed = sum(step >= milestone * steps_per_epoch for milestone in options.milestones)
    return options.lr * options.gamma**passed


def _cycle(options: TrainOptions, step: int, steps_per_epoch: int) -> tuple[int, int]:
    """The steps between which the cosine runs down: first, and one after the last."""
    inner = [epoch for epoch in options.restarts if epoch < options.epochs]
    bounds = [epoch * steps_per_epoch for epoch in (0, *inner, options.epochs)]
    return next((a, b) for a, b in pairwise(bounds) if step < b)
