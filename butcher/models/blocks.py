"""The blocks of one scheme, each made for the shape that it stands in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

import torch
from torch import nn

from butcher.block import make_block
from butcher.compiler import OptionError, Scheme, Use, block_graph, transformed, uses
from butcher.ir.graph import Graph, State
from butcher.ir.invert import invert
from butcher.ir.lower import lower
from butcher.models.shape import Domain, Place, Shape
from butcher.models.transitions import Make, Transition, projection

OF_BLOCKS = ("h", "step", "weights", "evaluations", "form")
"""The keywords that blocks of every scheme have, as the keys of `[model]` that they are."""


class Branch(Protocol):
    """What makes sub-nets: a kind of `butcher.models.subnets`, or an object of the user's own."""

    @property
    def domain(self) -> Domain:
        """Where channels stand."""

    @property
    def layers(self) -> int:
        """What one adds to the depth."""

    def make(self, shape: Shape, *, activated: bool = False) -> nn.Module:
        """A new one for `shape`; `activated`: its input has been through BN-ReLU."""

    def initialise(self, module: nn.Module, branches: int) -> None:
        """Start values that differ from He's, of a module made by `make`, one of `branches`."""


@dataclass(frozen=True)
class Shortcut:
    """The sub-net of a linear slot, unless another is given: a 1x1 convolution."""

    domain: Domain
    layers: int = 0  # papers do not count them

    def make(self, shape: Shape, *, activated: bool = False) -> nn.Module:
        """`activated` changes nothing."""
        return projection(shape, self.domain)

    def initialise(self, module: nn.Module, branches: int) -> None:
        """He's."""


@dataclass(frozen=True)
class Blocks:
    """Makes the blocks of `scheme`, and those of the one-step `starter` that begin a stage.

    branch      makes the sub-nets of every slot that `branches` does not name.
    earlier     whether earlier values have a transition of their own.
    keywords    of every block: those of OF_BLOCKS, parameters of the scheme.
    """

    scheme: Scheme
    branch: Branch
    branches: Mapping[str, Branch]
    transition: Transition
    starter: Scheme | None = None
    earlier: Literal["shared", "separate"] = "shared"
    keywords: Mapping[str, Any] = field(default_factory=dict)

    # ------------------------------------------------------------------ what blocks are

    @cached_property
    def graph(self) -> Graph:
        """The scheme's graph; the text of its blocks is made from another, pruned one."""
        return lower(self.scheme)

    @property
    def states(self) -> tuple[State, ...]:
        """What blocks take and give."""
        return self.graph.states

    @property
    def newest(self) -> tuple[int, ...]:
        """Which of the states are the newest values, of each name one."""
        return tuple(i for i, state in enumerate(self.states) if state.is_newest)

    @property
    def lag(self) -> int:
        """How many blocks it takes until no state is older than the first of them."""
        return max(state.lag for state in self.states)

    @property
    def inverts(self) -> bool:
        """Whether a block that keeps the shape gives back what it was given."""
        return invert(self.graph) is not None

    @property
    def keeps_evaluations(self) -> bool:
        """Whether a state is an evaluation of an earlier block."""
        return any(state.kind == "evaluation" for state in self.states)

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """What each sub-net of a block is used on."""
        return uses(self.scheme, **self._held)

    @cached_property
    def emitted(self) -> Graph:
        """What a block computes."""
        return block_graph(self.scheme, **self._held)

    @cached_property
    def starter_emitted(self) -> Graph:
        """What a block of the starter computes; ValueError if it cannot start the scheme."""
        assert self.starter is not None
        try:
            return block_graph(self.starter, **self._held, starts=self.scheme)
        except OptionError as wrong:
            raise ValueError(f'{wrong}; write start = "repeat", or another starter') from None

    @property
    def can_be_started(self) -> bool:
        """Whether blocks of the starter can begin."""
        try:
            return self.starter is not None and bool(self.starter_emitted)
        except ValueError:
            return False

    @cached_property
    def starter_uses(self) -> tuple[Use, ...]:
        """What each sub-net of a starter's block is used on."""
        return () if self.starter is None else uses(self.starter, **self._held)

    @cached_property
    def transformed(self) -> tuple[str, ...]:
        """The states that pass through a transition of the scheme's blocks."""
        return transformed(self.scheme, **self._held)

    @property
    def layers(self) -> int:
        """Of all sub-nets of a block."""
        return sum(self._branch(use.slot).layers for use in self.uses)

    @property
    def path(self) -> int:
        """Layers along the longest path through a block."""
        length: dict[str, int] = dict.fromkeys(self.graph.state, 0)
        for evaluation in self.graph.evaluations:
            row = self.graph.row[evaluation.argument]
            before = max((length.get(term.source, 0) for term in row.terms), default=0)
            length[evaluation.key] = before + self._branch(evaluation.slot).layers
        return max(length.values())

    # ------------------------------------------------------------------ one of them

    def make(
        self,
        place: Place,
        *,
        starts: bool = False,
        equal: bool = False,
        activated: bool = False,
        **values: float,
    ) -> nn.Module:
        """A block for `place`; ValueError where it cannot be.

        starts     whether it is the starter's.
        equal      whether all values that it is given are the same, so that one transition serves.
        activated  whether BN-ReLU was before it.
        values     keywords of this block alone.
        """
        shape = place.shape
        scheme = self.starter if starts and self.starter else self.scheme
        activated = activated or (self.transition.activates and place.before is not None)
        nets = self._nets(scheme, shape, activated=activated)
        given = dict(self.keywords) | values
        if scheme is not self.scheme:
            known = {symbol.name for symbol in scheme.symbols} | set(OF_BLOCKS)
            given = {key: value for key, value in given.items() if key in known}
            given["starts"] = self.scheme
        if any(symbol.scope == "channel" for symbol in scheme.symbols):
            given["channels"] = shape.outside
        has_transition = bool(self.transformed) or scheme is not self.scheme
        if shape.changes and self.transition.inside is not None and has_transition:
            given["transition"] = self._through(
                self.transition.inside, shape, equal=equal, starts=starts
            )
        try:
            block = make_block(scheme, nets, **given)
        except (OptionError, TypeError) as wrong:  # an option that this scheme cannot have
            raise ValueError(str(wrong)) from None
        if scheme is not self.scheme:
            self._keep_unused(block, shape)
        return block

    def _nets(self, scheme: Scheme, shape: Shape, *, activated: bool) -> list[nn.Module]:
        """A sub-net for each set of weights; those that read a state change the shape."""
        used = self.uses if scheme is self.scheme else self.starter_uses
        if shape.changes and self.keywords.get("step") == "controlled":
            raise ValueError(
                f"a block that controls its step cannot take {shape}: its steps are many, and keep "
                'the shape; write transition = "neck" without growth'
            )
        if shape.changes and any(use.mixed for use in used):
            raise ValueError(
                f"a block of {scheme.name} cannot take {shape}: one sub-net is given the state and "
                f"other values, too; {self._unmixed(scheme)}"
            )
        return [
            self._branch(use.slot).make(
                shape if use.reads else Shape.same(shape.outside),
                activated=activated and use.reads is not None,
            )
            for use in used
        ]

    def _unmixed(self, scheme: Scheme) -> str:
        """What to write so that no block with one sub-net for two uses changes shape."""
        mends = ['transition = "neck" without growth']
        if not any(use.mixed for use in uses(scheme, self.keywords.get("step"), "per-stage")):
            mends.append('weights = "per-stage"')
        return f"write {', or '.join(mends)}"

    def before(
        self, place: Place, *, starts: bool = False, equal: bool = False
    ) -> nn.Module | None:
        """What states go through before the block, if anything; `starts`, `equal` as of `make`."""
        if place.before is None or self.transition.before is None:
            return None
        modules = self._through(self.transition.before, place.before, equal=equal, starts=starts)
        return modules if len(self.states) == 1 else Each(modules)

    def nets(self, block: nn.Module, *, starts: bool) -> Iterator[tuple[Branch, nn.Module]]:
        """The sub-nets of a block that `make` made, each with what made it."""
        used = self.starter_uses if starts else self.uses
        for use, net in zip(used, block.get_submodule("f").children(), strict=True):
            yield self._branch(use.slot), net

    @property
    def domain(self) -> Domain:
        """Where channels stand."""
        return self.branch.domain

    @property
    def _held(self) -> dict[str, Any]:
        return {key: self.keywords.get(key) for key in ("step", "weights")}

    def _branch(self, slot: str) -> Branch:
        default = Shortcut(self.domain) if slot in self.graph.linear else self.branch
        return self.branches.get(slot, default)

    def _through(self, make: Make, shape: Shape, *, equal: bool, starts: bool) -> Any:
        """The operator of each state, one for those of a name unless earlier ones are separate.

        Where the starter begins only the newest value has one: nothing reads the others, and they
        would count in the statistics of a normalisation.
        """
        made: dict[object, nn.Module] = {}
        modules: list[nn.Module] = []
        first = self.states[0].name
        for i, state in enumerate(self.states):
            if starts and i not in self.newest:
                modules.append(nn.Identity())
                continue
            name = state.name if state.kind == "value" else first
            key: object = name if equal or self.earlier == "shared" else state.key
            if key in made:
                modules.append(Again(made[key]))
            else:
                modules.append(made.setdefault(key, make(shape, self.domain)))
        return modules if len(modules) > 1 else modules[0]

    def _keep_unused(self, block: nn.Module, shape: Shape) -> None:
        """Trained numbers of the scheme that a starter does not use, frozen: papers count them."""
        for symbol in self.graph.symbols:
            if symbol.kind == "learn" and symbol.name in self.graph.names:
                size = shape.outside if symbol.scope == "channel" else 1
                if not hasattr(block, symbol.name):
                    unused = nn.Parameter(torch.zeros(size), requires_grad=False)
                    block.register_parameter(symbol.name, unused)


class Each(nn.Module):
    """Every state through its module."""

    def __init__(self, modules: list[nn.Module]) -> None:
        super().__init__()
        self.through = nn.ModuleList(modules)

    def forward(self, state: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        """The tuple of states, each as its module gives it."""
        return tuple(module(u) for module, u in zip(self.through, state, strict=True))


class Again(nn.Module):
    """A module that another place has, without its parameters: a state dict names those once."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self._elsewhere = (module,)  # in a tuple it is no child

    @property
    def module(self) -> nn.Module:
        """The one that has the parameters."""
        return self._elsewhere[0]

    def forward(self, u: torch.Tensor) -> torch.Tensor:
        """What that module makes of `u`."""
        return self.module(u)  # type: ignore[no-any-return]
