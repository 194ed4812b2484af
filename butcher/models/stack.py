"""The stacking engine: blocks of one scheme, of any widths and resolutions, to a network."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from torch import nn

from butcher.ir.graph import Graph
from butcher.models.blocks import Blocks, Branch
from butcher.models.checkpointed import Checkpointed
from butcher.models.effect import without_effect
from butcher.models.initialise import initialise
from butcher.models.network import Facts, Network, Relu
from butcher.models.reversible import Reversible
from butcher.models.shape import Place
from butcher.models.starts import STARTS, Split, Start, Stems


@dataclass(frozen=True)
class Stack:
    """A network to be built.

    stages      where every block of every stage stands.
    stem        makes a stem of so many channels.
    head        makes what reads so many channels.
    layers      of all of it, as the paper counts.
    start       a name of `STARTS`.
    post_relu   whether a ReLU follows every block.
    activated   whether the stem ends in BN-ReLU, for which the first sub-nets leave out theirs.
    survival    of the last block where branches are dropped; that of the first ones is near 1.
    reversible  whether training stores no activations of blocks that invert.
    checkpoint  what training evaluates again, and stores the argument of.
    tile        how many samples are evaluated at a time, without gradients.
    zero_init   whether sub-nets that end in a normalisation start as zero.
    own_weights whether modules keep the weights that they come with.
    """

    blocks: Blocks
    stages: Sequence[Sequence[Place]]
    stem: Callable[[int], nn.Module]
    head: Callable[[int], nn.Module]
    layers: int
    start: str
    post_relu: bool = False
    activated: bool = False
    survival: float | None = None
    reversible: bool = False
    checkpoint: Literal["stage", "block"] | None = None
    tile: int | None = None
    zero_init: bool = False
    own_weights: bool = False
    remarks: Sequence[str] = field(default=())

    @property
    def rule(self) -> Start:
        """How states begin."""
        return STARTS[self.start]

    @property
    def first(self) -> Place:
        """Where the first block stands."""
        return self.stages[0][0]

    @property
    def starting(self) -> list[bool]:
        """For every block of all stages, whether it is the starter's."""
        return [
            index < self.rule.starters(self.blocks, stage)
            for stage, places in enumerate(self.stages)
            for index in range(len(places))
        ]

    @property
    def graphs(self) -> list[Graph]:
        """What every block of all stages computes."""
        own = self.blocks
        return [own.starter_emitted if starts else own.emitted for starts in self.starting]

    def build(self) -> Network:
        """The network; ValueError for what cannot be, with the reason."""
        self.rule.check(self.blocks)
        self._check_scheme()
        if self.reversible:
            self._check_inverse()
        self._check_tile()
        self._check_lengths()
        stages = [self._stage(index, places) for index, places in enumerate(self.stages)]
        network = Network(
            self._stem(),
            [self._held(stage) for stage in stages],
            self.head(self._out * len(self.blocks.newest)),
            newest=self.blocks.newest,
            domain=self.blocks.domain,
            tile=self.tile,
        )
        if not self.own_weights:
            initialise(network, list(self._nets(network)), zero=self.zero_init)
        network.facts = self._facts(network)
        return network

    def _nets(self, network: Network) -> Iterator[tuple[Branch, nn.Module]]:
        """Every sub-net, and what made it."""
        for block, starts in zip(network.blocks, self.starting, strict=True):
            yield from self.blocks.nets(block, starts=starts)

    # ------------------------------------------------------------------ parts

    @property
    def _out(self) -> int:
        return self.stages[-1][-1].outside

    def _stem(self) -> nn.Module:
        width, values = self.first.inside, len(self.blocks.states)
        if self.rule.stems:
            return Stems([self.stem(width) for _ in range(values)])
        if self.rule.split:
            return nn.Sequential(self.stem(width * values), Split(values, self.blocks.domain))
        return self.stem(width)

    def _check_scheme(self) -> None:
        scheme = self.blocks.scheme
        if self.blocks.graph.takes_time:
            raise ValueError(
                f"{scheme.name} gives the time to its sub-nets, and those of a network take none; "
                "write u' = f(u) in its ode line, or use make_block"
            )
        if self.blocks.domain == "vector" and any(s.scope == "channel" for s in scheme.symbols):
            raise ValueError(
                f"{scheme.name} trains a number per channel, of dimension 1, and channels of these "
                "sub-nets stand last; write a scheme with one number, such as skipinit"
            )

    def _check_lengths(self) -> None:
        for index, places in enumerate(self.stages):
            needed = self.rule.starters(self.blocks, index)
            least = needed + (index == 0 and needed > 0)
            if len(places) < least:
                raise ValueError(
                    f"stage {index + 1} has {len(places)} blocks, but {self.blocks.scheme.name} "
                    f"looks {needed} back and begins with as many one-step blocks; write {least} "
                    'blocks or more, or start = "repeat"'
                )
        starts = self.rule.starters(self.blocks, 0) > 0
        if self.first.changes and self.blocks.keeps_evaluations and not starts:
            raise ValueError(
                f"{self.blocks.scheme.name} keeps evaluations, which the first block cannot "
                "repeat where it changes shape; write stem_width = "
                f"{self.first.outside} and 1 as the first of the strides"
                + (', or start = "restart"' if self.blocks.can_be_started else "")
            )

    def _check_inverse(self) -> None:
        name = self.blocks.scheme.name
        if not self.blocks.inverts:
            raise ValueError(
                f"blocks of {name} have no inverse; write reversible = false, or a scheme such as "
                "revnet, lm_resnet, second_order, midpoint_network"
            )
        if self.post_relu:
            raise ValueError('a ReLU has no inverse; write reversible = false, or post = "none"')
        if self.checkpoint is not None:
            raise ValueError(
                f'checkpoint = "{self.checkpoint}" stores states, and blocks that invert need none '
                "stored; leave checkpoint out, or write reversible = false"
            )

    def _check_tile(self) -> None:
        if self.tile is None:
            return
        if not (isinstance(self.tile, int) and self.tile >= 1):
            raise ValueError(f"tile is a number of samples from 1 on, not {self.tile!r}")
        keywords = self.blocks.keywords
        if keywords.get("step") == "controlled" and keywords.get("per") != "sample":
            raise ValueError(
                "all samples of a batch share a controlled step, so a tile would have another; "
                'leave tile out, or write per = "sample" among the values'
            )

    def _stage(self, stage: int, places: Sequence[Place]) -> OrderedDict[str, nn.Module]:
        """The parts of a stage by name: blocks 0, 1, ..., and what stands between them."""
        parts: OrderedDict[str, nn.Module] = OrderedDict()
        starters = self.rule.starters(self.blocks, stage)
        for index, place in enumerate(places):
            is_first, starts = stage == 0 and index == 0, index < starters
            equal = is_first and self.rule.repeats
            before = self.blocks.before(place, starts=starts, equal=equal)
            if before is not None:
                parts[f"before{index}"] = before
            parts[str(index)] = self.blocks.make(
                place,
                starts=starts,
                equal=equal,
                activated=is_first and self.activated,
                **self._survival(stage, index),
            )
            if self.post_relu:
                parts[f"relu{index}"] = Relu(self.blocks.newest)
        return parts

    def _survival(self, stage: int, index: int) -> dict[str, float]:
        """p, linear: 1 - l/L (1 - p_L), l = 1..L (Huang et al. 2016, eq. 4)."""
        if self.survival is None:
            return {}
        sizes = [len(places) for places in self.stages]
        number = sum(sizes[:stage]) + index + 1
        return {"p": 1 - number / sum(sizes) * (1 - self.survival)}

    def _held(self, parts: OrderedDict[str, nn.Module]) -> nn.Sequential:
        if self.reversible:
            return Reversible(parts)
        if self.checkpoint is not None:
            return Checkpointed(parts, of=self.checkpoint)
        return nn.Sequential(parts)

    # ------------------------------------------------------------------ facts

    def _facts(self, network: Network) -> Facts:
        blocks: list[Any] = network.blocks
        return Facts(
            blocks=tuple(len(places) for places in self.stages),
            layers=self.layers,
            nfe=sum(block.nfe for block in blocks),
            dead=without_effect(network, self.graphs, equal=self.rule.repeats),
            remarks=tuple(self.remarks),
        )
