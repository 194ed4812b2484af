"""How the states before the first block are made from what the stem gives.

A scheme of one state needs nothing. One with earlier values, or with several states, has to begin
somehow, and papers do so in different ways; a stack knows them by name.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from butcher.models.blocks import Blocks
from butcher.models.shape import Domain, channel_dimension


@dataclass(frozen=True)
class Start:
    """A rule.

    source       where it is from, and what it does, in a line.
    every_stage  whether the first blocks of every stage are the starter's.
    first_stage  whether those of the first stage are.
    stems        whether every value state has a stem of its own.
    split        whether value states share out the channels of one stem.
    """

    source: str
    every_stage: bool = False
    first_stage: bool = False
    stems: bool = False
    split: bool = False

    @property
    def repeats(self) -> bool:
        """Whether all values are the same before the first block."""
        return not (self.stems or self.split)

    def starters(self, blocks: Blocks, stage: int) -> int:
        """How many blocks of a stage, counted from 0, are the starter's."""
        applies = self.every_stage or (self.first_stage and stage == 0)
        return blocks.lag if applies else 0

    def share(self, width: int, blocks: Blocks) -> int:
        """The channels of one value, of `width` that the stem gives; ValueError if none fits."""
        share, rest = divmod(width, len(blocks.states) if self.split else 1)
        if rest:
            values = len(blocks.states)
            raise ValueError(f"{width} channels cannot be shared out among {values} values")
        return share

    def check(self, blocks: Blocks) -> None:
        """ValueError where `blocks` cannot begin so."""
        name, states = blocks.scheme.name, blocks.states
        if self.starters(blocks, 0):
            if blocks.starter is None:
                raise ValueError(f"{name} needs a starter, a one-step method such as euler")
            _ = blocks.starter_emitted  # a ValueError if it cannot start this scheme
        if self.stems and (len(states) == 1 or blocks.keeps_evaluations):
            what = "one state" if len(states) == 1 else "an evaluation as a state"
            raise ValueError(f'{name} has {what}, which no stem can give; write start = "repeat"')
        if self.split and (len(states) == 1 or blocks.lag > 0):
            what = "one state" if len(states) == 1 else "earlier values as states"
            raise ValueError(f'{name} has {what}, and nothing to split; write start = "repeat"')


STARTS: dict[str, Start] = {
    "repeat": Start(
        "earlier values are the first value, earlier evaluations the first evaluation (Lembke; "
        "Y_-1 = Y_0 of leapfrog networks)"
    ),
    "restart": Start(
        "every stage begins with one-step blocks, as many as the scheme looks back (released code "
        "of Lu et al. 2018)",
        every_stage=True,
    ),
    "one-step": Start(
        "the network begins with one-step blocks, as many as the scheme looks back (Hairer, "
        "Norsett, Wanner 1993, III.1)",
        first_stage=True,
    ),
    "stems": Start("every value has a stem of its own", stems=True),
    "split": Start(
        "values share out the stem's channels (Gomez et al. 2017, arXiv:1707.04585)", split=True
    ),
}


def usual(blocks: Blocks) -> str:
    """The rule where none is given.

    A starter steps u' = f(u), so a method of u'' = f(u) repeats the value: it begins at rest.
    """
    of_first_order = all(equation.derivative == 1 for equation in blocks.graph.ode)
    restarts = blocks.lag > 0 and of_first_order and blocks.can_be_started
    return "restart" if restarts else "repeat"


class Stems(nn.Module):
    """One stem a state: (N, ...) to a tuple of as many values."""

    def __init__(self, stems: list[nn.Module]) -> None:
        super().__init__()
        self.stems = nn.ModuleList(stems)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """What each stem makes of `x`."""
        return tuple(stem(x) for stem in self.stems)


class Split(nn.Module):
    """One value to `parts` of as many channels each."""

    def __init__(self, parts: int, domain: Domain) -> None:
        super().__init__()
        self.parts, self.dim = parts, channel_dimension(domain)

    def forward(self, u: Tensor) -> tuple[Tensor, ...]:
        """(N, C, ...) to `parts` tensors (N, C/parts, ...)."""
        return torch.chunk(u, self.parts, dim=self.dim)
