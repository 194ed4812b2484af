"""The maps that emitted blocks hold across their evaluations, beside the fewest there can be."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from butcher.analysis.network.carried import cuts
from butcher.bench.item import CannotMeasureError, method
from butcher.compiler import OptionError, shipped
from butcher.counting.live import carried
from butcher.errors import SpecError
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


def of_shipped() -> tuple[Carried, ...]:
    """All shipped methods of one state and one slot."""
    return tuple(_found())


def _found() -> Iterator[Carried]:
    state = torch.randn(2, 3, 4, 4)
    for name in shipped():
        try:
            made = method(name, "fixed")
            found = cuts(made.graph)
            held = carried(lambda f: made.block([f] * len(found)), state)  # noqa: B023 - called now
        except (CannotMeasureError, OptionError, SpecError, ValueError):
            continue
        yield Carried(
            name=name,
            held=held,
            cover=tuple(len(cut.cover) for cut in found),
            rank=tuple(cut.rank for cut in found),
        )
