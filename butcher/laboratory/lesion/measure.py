"""The error of a network under each of many lesions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from butcher.laboratory.lesion.change import Lesion
from butcher.laboratory.walk import Walk
from butcher.models.network import Network
from butcher.training.data import Split, still

BATCH = 64  # images: the states before all blocks are kept


@dataclass(frozen=True)
class Errors:
    """Of one run, as shares of the images.

    whole    of the network as it was trained.
    single   under each single lesion, in their order.
    several  by the number of what was changed, of each draw.
    """

    whole: float
    single: tuple[float, ...]
    several: dict[int, tuple[float, ...]]


def errors_of(
    network: Network,
    split: Split,
    single: Sequence[Lesion],
    several: Mapping[int, Sequence[Lesion]],
) -> Errors:
    """Under single lesions and under draws of several, these by their number."""
    drawn = [lesion for lesions in several.values() for lesion in lesions]
    whole, *found = errors(network, split, [Lesion(number=0), *single, *drawn])
    rest = iter(found[len(single) :])
    by_number = {number: tuple(next(rest) for _ in lesions) for number, lesions in several.items()}
    return Errors(whole, tuple(found[: len(single)]), by_number)


@torch.no_grad()
def errors(network: Network, split: Split, lesions: Sequence[Lesion]) -> list[float]:
    """The share of images that are taken for another class, under each lesion."""
    network.eval()
    wrong, images = [0] * len(lesions), 0
    for x, y in still(split, BATCH):
        walk = Walk(network, x)
        for i, lesion in enumerate(lesions):
            logits = walk.logits(lesion.applied(network, walk.parts))
            wrong[i] += int((logits.argmax(dim=1) != y).sum())
        images += len(y)
    return [count / images for count in wrong]
