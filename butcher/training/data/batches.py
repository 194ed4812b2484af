"""Batches of a split: shuffled and augmented to train on, or still and in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from butcher.training.data import draws
from butcher.training.data.error import DataError
from butcher.training.data.split import Batch, Indices, Split
from butcher.training.stop import own_group

_ORDER, _AUGMENT = 0, 1  # what the key of an epoch is for


class Batches:
    """The training part, batch by batch.

    The order of an epoch is drawn from (seed, epoch), and how image i is augmented from (seed,
    epoch, i). Neither the number of workers nor the batch that one begins with nor the number of
    ranks changes a bit of an image. `batch` images are a step of all ranks together; a rank has
    its share of each, within one image of the others'. The last step of an epoch has the rest; a
    rest of fewer images than ranks is left out.
    """

    def __init__(
        self,
        split: Split,
        batch: int,
        seed: int,
        *,
        rank: int = 0,
        world: int = 1,
        workers: int = 0,
        pin: bool = False,
    ) -> None:
        if batch < world:
            message = f"batch = {batch} is less than one image for each of {world} processes"
            raise DataError(f"{message}; write batch = {world} or more")
        if not len(split):
            raise DataError("no image is left to train on; write a smaller data.validation")
        if len(split) < world:
            raise DataError(f"{len(split)} training images are too few for {world} processes")
        self.split, self.batch, self.seed = split, batch, seed
        self.rank, self.world, self.workers, self.pin = rank, world, workers, pin

    def __len__(self) -> int:
        """Steps an epoch."""
        whole, rest = divmod(len(self.split), self.batch)
        return whole + (rest >= self.world)

    def images(self, step: int) -> int:
        """How many images step `step` of an epoch is of, in all ranks."""
        return min(self.batch, len(self.split) - step * self.batch)

    def epoch(self, number: int, begin: int = 0) -> Iterator[Batch]:
        """The batches of epoch `number`, from batch `begin` on; both are counted from 0."""
        order = draws.permutation(len(self.split), draws.key(self.seed, number, _ORDER))
        steps = range(begin, len(self))
        shares = [_share(order, self.batch, step, self.rank, self.world) for step in steps]
        key = draws.key(self.seed, number, _AUGMENT)
        return _iterate(_Prepared(self.split, shares, key), self.workers, self.pin)


def still(
    split: Split,
    batch: int,
    *,
    rank: int = 0,
    world: int = 1,
    workers: int = 0,
    pin: bool = False,
) -> Iterator[Batch]:
    """Every image once, in order and as it is; of each batch the share of one rank.

    Every rank has as many batches: of the last one its share may be no image.
    """
    order = np.arange(len(split))
    steps = range(-(-len(split) // batch))
    shares = [_share(order, batch, step, rank, world) for step in steps]
    return _iterate(_Prepared(split, shares), workers, pin)


def _share(order: Indices, batch: int, step: int, rank: int, world: int) -> Indices:
    """The images of one rank in batch `step`."""
    return order[step * batch : (step + 1) * batch][rank::world]


@dataclass(frozen=True)
class _Prepared(Dataset[Batch]):
    """Whole batches, each prepared when it is asked for."""

    split: Split
    shares: Sequence[Indices]
    key: int | None = None

    def __len__(self) -> int:
        return len(self.shares)

    def __getitem__(self, step: int) -> Batch:
        share = self.shares[step]
        some = share if len(share) else np.zeros(1, np.int64)  # none has the shape of one
        images = self.split.images(some, self.key)[: len(share)]
        return images, self.split.labels[torch.from_numpy(share)]


def _iterate(batches: _Prepared, workers: int, pin: bool) -> Iterator[Batch]:
    if workers == 0:
        for step in range(len(batches)):
            images, labels = batches[step]
            yield (images.pin_memory(), labels.pin_memory()) if pin else (images, labels)
        return
    # A generator of its own: the loader draws from torch's to seed workers, who draw nothing.
    yield from DataLoader(
        batches,
        batch_size=None,
        num_workers=workers,
        pin_memory=pin,
        generator=torch.Generator(),
        worker_init_fn=_begin_worker,
    )


def _begin_worker(_: int) -> None:
    """A signal ends training after its step, and the step may need another batch."""
    own_group()
