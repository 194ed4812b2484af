"""The stacking engine: blocks of one scheme, of any widths and resolutions, to a network."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from butcher.coefficient import Coefficient
from butcher.ir.graph import Graph
from butcher.models.blocks import Blocks, Branch
from butcher.models.initialise import initialise
from butcher.models.network import Facts, Network, Relu
from butcher.models.reversible import Reversible
from butcher.models.shape import Place
from butcher.models.starts import STARTS, Split, Start, Stems, usual


@dataclass(frozen=True)
class Stack:
    """A network to be built.

    stages      where every block of every stage stands.
    stem        makes a stem of so many channels.
    head        makes what reads so many channels.
    layers      of all of it, as the paper counts.
    start       a name of `STARTS`; None is the usual one.
    post_relu   whether a ReLU follows every block.
    activated   whether the stem ends in BN-ReLU, for which the first sub-nets leave out theirs.
    survival    of the last block where branches are dropped; that of the first ones is near 1.
    reversible  whether training stores no activations of blocks that invert.
    zero_init   whether sub-nets that end in a normalisation start as zero.
    """

    blocks: Blocks
    stages: Sequence[Sequence[Place]]
    stem: Callable[[int], nn.Module]
    head: Callable[[int], nn.Module]
    layers: int
    start: str | None = None
    post_relu: bool = False
    activated: bool = False
    survival: float | None = None
    reversible: bool = False
    zero_init: bool = False
    remarks: Sequence[str] = field(default=())

    @property
    def rule(self) -> Start:
        """How states begin."""
        return STARTS[self.start or usual(self.blocks)]

    @property
    def first(self) -> Place:
        """Where the first block stands."""
        return self.stages[0][0]

    def build(self) -> Network:
        """The network; ValueError for what cannot be, with the reason."""
        self.rule.check(self.blocks)
        if self.reversible:
            self._check_inverse()
        self._check_lengths()
        stages = [self._stage(index, places) for index, places in enumerate(self.stages)]
        network = Network(
            self._stem(),
            [self._held(stage) for stage in stages],
            self.head(self._out * len(self.blocks.newest)),
            newest=self.blocks.newest,
            domain=self.blocks.domain,
        )
        initialise(network, list(self._nets(network)), zero=self.zero_init)
        network.facts = self._facts(network)
        return network

    def _nets(self, network: Network) -> Iterator[tuple[Branch, nn.Module]]:
        """Every sub-net, and what made it."""
        blocks = iter(network.blocks)
        for stage, places in enumerate(self.stages):
            starters = self.rule.starters(self.blocks, stage)
            for index in range(len(places)):
                yield from self.blocks.nets(next(blocks), starts=index < starters)

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

    def _check_lengths(self) -> None:
        for index, places in enumerate(self.stages):
            needed = self.rule.starters(self.blocks, index)
            if len(places) < needed + (index == 0 and needed > 0):
                raise ValueError(
                    f"stage {index + 1} has {len(places)} blocks, but {self.blocks.scheme.name} "
                    f"looks {needed} back and begins with as many one-step blocks; write more "
                    'blocks, or start = "repeat"'
                )
        starts = self.rule.starters(self.blocks, 0) > 0
        if self.first.changes and self.blocks.keeps_evaluations and not starts:
            raise ValueError(
                f"{self.blocks.scheme.name} keeps evaluations, which the first block cannot "
                'repeat where it changes shape; write start = "restart"'
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

    def _stage(self, stage: int, places: Sequence[Place]) -> OrderedDict[str, nn.Module]:
        """The parts of a stage by name: blocks 0, 1, ..., and what stands between them."""
        parts: OrderedDict[str, nn.Module] = OrderedDict()
        starters = self.rule.starters(self.blocks, stage)
        for index, place in enumerate(places):
            is_first = stage == 0 and index == 0
            equal = is_first and self.rule.repeats
            before = self.blocks.before(place, equal=equal)
            if before is not None:
                parts[f"before{index}"] = before
            values: dict[str, Any] = {"activated": True} if is_first and self.activated else {}
            if self.survival is not None:
                values["p"] = self._survival(stage, index)
            parts[str(index)] = self.blocks.make(
                place, starts=index < starters, equal=equal, **values
            )
            if self.post_relu:
                parts[f"relu{index}"] = Relu(self.blocks.newest)
        return parts

    def _survival(self, stage: int, index: int) -> float:
        """Linear: 1 - l/L (1 - p_L), l = 1..L (Huang et al. 2016, eq. 4)."""
        assert self.survival is not None
        sizes = [len(places) for places in self.stages]
        number = sum(sizes[:stage]) + index + 1
        return 1 - number / sum(sizes) * (1 - self.survival)

    def _held(self, parts: OrderedDict[str, nn.Module]) -> nn.Sequential:
        return Reversible(parts) if self.reversible else nn.Sequential(parts)

    # ------------------------------------------------------------------ facts

    def _facts(self, network: Network) -> Facts:
        blocks: list[Any] = network.blocks
        return Facts(
            blocks=tuple(len(places) for places in self.stages),
            layers=self.layers,
            nfe=sum(block.nfe for block in blocks),
            dead=tuple(self._dead(network)),
            remarks=tuple(self.remarks),
        )

    def _dead(self, network: Network) -> Iterator[str]:
        """Parameters without effect: a starter's unused ones, and what equal values cancel."""
        idle = idle_where_equal(self.blocks.graph)
        first = network.blocks[0]
        for name, parameter in network.named_parameters():
            _, _, last = name.rpartition(".")
            of_first = any(parameter is own for own in first.parameters(recurse=False))
            if not parameter.requires_grad or (self.rule.repeats and of_first and last in idle):
                yield name


def idle_where_equal(graph: Graph) -> frozenset[str]:
    """The trained names that have no effect on a step from equal values: k of (1-k) u + k u."""
    found: set[str] = set()
    for row in graph.rows:
        sums: dict[str, Coefficient] = {}
        for term in row.terms:
            state = graph.state.get(term.source)
            key = state.name if state is not None and state.kind == "value" else term.source
            sums[key] = sums.get(key, Coefficient.of(0)) + term.coefficient
        found |= {name for total in sums.values() for name in total.names}
    learned = {s.name for s in graph.symbols if s.kind == "learn" and s.name in graph.names}
    return frozenset(learned - found)
