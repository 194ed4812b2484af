"""The maps that emitted blocks hold across their evaluations, beside the fewest there can be."""

from __future__ import annotations

import torch
from torch import Tensor

from butcher.analysis.network.carried import cuts
from butcher.bench.item import Method, of_shipped
from butcher.counting.live import carried
from butcher.spec.model import Model


class Carried(Model):
    """Of one method one number an evaluation.

    held   counted in the emitted block, without gradients.
    cover  the fewest where every k is used as it is: the structural rank of what is to come.
    rank   of the coefficients themselves, below which no schedule goes; None where unknown.
    """

    name: str
    held: tuple[int, ...]
    cover: tuple[int, ...]
    rank: tuple[int | None, ...]

    @property
    def is_least(self) -> bool:
        """Whether no evaluation finds more maps held than the structural rank."""
        return all(held <= least for held, least in zip(self.held, self.cover, strict=True))


def carried_by_shipped() -> tuple[Carried, ...]:
    """All shipped methods that can be measured."""
    state = torch.randn(2, 3, 4, 4)
    return tuple(_of(method, state) for method in of_shipped())


def _of(method: Method, state: Tensor) -> Carried:
    found = cuts(method.graph)
    return Carried(
        name=method.name,
        held=carried(lambda f: method.block([f] * len(found)), state),
        cover=tuple(len(cut.cover) for cut in found),
        rank=tuple(cut.rank for cut in found),
    )
