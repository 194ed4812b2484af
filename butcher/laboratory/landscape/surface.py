"""The loss along one direction from the weights, or on the plane of two."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from butcher.laboratory.landscape.direction import Direction

BATCH = 256

Labelled = tuple[Tensor, Tensor]
"""Images (N, C, H, W) and their classes (N,)."""


@torch.no_grad()
def surface(
    model: nn.Module,
    data: Labelled,
    directions: Sequence[Direction],
    steps: Sequence[float],
    tick: Callable[[], None] = lambda: None,
) -> list[float]:
    """The mean cross-entropy at weights + sum of a_i directions[i], the last a_i fastest.

    In evaluation mode: BatchNorm with the running statistics that are there. Neither weights nor
    statistics are changed. `tick` is called after every point.
    """
    was_training = model.training
    model.eval()
    found = []
    for at in product(steps, repeat=len(directions)):
        found.append(loss(model, data, _weights(model, directions, at)))
        tick()
    model.train(was_training)
    return found


def loss(model: nn.Module, data: Labelled, weights: Direction) -> float:
    """The mean cross-entropy with these weights in place of the model's own."""
    total = 0.0
    for x, y in _batches(data):
        logits = functional_call(model, weights, (x,))
        total += float(cross_entropy(logits.double(), y, reduction="sum"))
    return total / len(data[1])


def _weights(
    model: nn.Module, directions: Sequence[Direction], at: Sequence[float]
) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    own = dict(model.named_parameters())
    for step, each in zip(at, directions, strict=True):
        for name, change in each.items():
            found[name] = found.get(name, own[name]) + step * change
    return found


def _batches(data: Labelled) -> Iterator[Labelled]:
    yield from zip(torch.split(data[0], BATCH), torch.split(data[1], BATCH), strict=True)
