"""A network: stem, stages of blocks, head."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from butcher.models.heads import Head
from butcher.models.reversible import Reversible
from butcher.models.shape import Domain, channel_dimension
from butcher.models.tiled import in_tiles, takes_tiles

States = Tensor | tuple[Tensor, ...]


@dataclass(frozen=True)
class Facts:
    """What is known of a network when it is built.

    blocks      of each stage.
    layers      weighted layers as the paper counts: stem, sub-nets, classifier; no shortcuts.
    nfe         evaluations of sub-nets, of all blocks.
    dead        parameters that a rule of the paper leaves without effect, by name.
    remarks     what a reader of the network should know, each a sentence.
    """

    blocks: tuple[int, ...]
    layers: int
    nfe: int
    dead: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


class Network(nn.Module):
    """Stem, stages of blocks that hand states on, and a head that reads the newest values.

    Blocks of one state are given a tensor, those of several a tuple. A stem that gives one tensor
    where a tuple is needed is followed by the first block's `start`.

    newest  which states are the newest values; the head is given them side by side.
    tile    how many samples go through stem and stages at a time, in evaluation without
            gradients; None: all.
    """

    facts: Facts

    def __init__(
        self,
        stem: nn.Module,
        stages: Sequence[nn.Module],
        head: nn.Module,
        *,
        newest: Sequence[int] = (0,),
        domain: Domain = "image",
        tile: int | None = None,
    ) -> None:
        super().__init__()
        self.stem = stem
        self.stages = nn.Sequential(*stages)
        self.head = head
        self.newest = tuple(newest)
        self.dim = channel_dimension(domain)
        self.tile = tile

    @property
    def blocks(self) -> list[nn.Module]:
        """The blocks of all stages."""
        return [
            part for stage in self.stages.children() for part in stage.children() if is_block(part)
        ]

    def begin(self, x: Tensor) -> States:
        """The states before the first block.

        Where blocks are inverted, in the precision of the weights: a stem under autocast gives a
        half precision, of which no digit can be spared.
        """
        u: States = self.stem(x)
        if any(isinstance(stage, Reversible) for stage in self.stages.children()):
            dtype = next(self.stages.parameters()).dtype
            u = u.to(dtype) if isinstance(u, Tensor) else tuple(part.to(dtype) for part in u)
        first: Any = self.blocks[0]
        if isinstance(u, Tensor) and len(first.states) > 1:
            return first.start(u)  # type: ignore[no-any-return]
        return u

    def value(self, state: States) -> Tensor:
        """The newest values of a state, side by side: (N, C, ...)."""
        if isinstance(state, Tensor):
            return state
        values = [state[i] for i in self.newest]
        return values[0] if len(values) == 1 else torch.cat(values, dim=self.dim)

    def features(self, x: Tensor) -> list[Tensor]:
        """What the stem gives and what each stage gives, newest values: (N, C, H, W) each."""
        return self._of_samples(self._features, x)  # type: ignore[no-any-return]

    def _features(self, x: Tensor) -> list[Tensor]:
        state = self.begin(x)
        found = [self.value(state)]
        for stage in self.stages.children():
            state = stage(state)
            found.append(self.value(state))
        return found

    def forward(self, x: Tensor) -> Tensor:
        """From data (N, in_channels, ...) to logits (N, classes)."""
        return self.forward_head(self.forward_features(x))

    # ------------------------------------------------------------------ as timm calls it

    def forward_features(self, x: Tensor) -> Tensor:
        """The newest values after the last block, side by side: (N, C, H, W) or (N, T, C)."""
        return self._of_samples(self._forward_features, x)  # type: ignore[no-any-return]

    def _forward_features(self, x: Tensor) -> Tensor:
        return self.value(self.stages(self.begin(x)))

    def _of_samples(self, function: Callable[[Tensor], Any], x: Tensor) -> Any:
        """`function(x)`, of as many samples at a time as a tile has."""
        if self.tile is not None and takes_tiles(self):
            return in_tiles(function, self.tile, x)
        return function(x)

    def forward_head(self, u: Tensor, pre_logits: bool = False) -> Tensor:
        """What the head makes of them; `pre_logits`: without its linear map, (N, C)."""
        return self._own_head.pooled(u) if pre_logits else self.head(u)

    def get_classifier(self) -> nn.Module:
        """The last linear map."""
        return self._own_head.linear

    def reset_classifier(self, num_classes: int, global_pool: str | None = None) -> None:
        """A new last linear map; with 0 classes there is none, and what is pooled comes out."""
        if global_pool not in (None, "avg"):
            raise ValueError(
                f'global_pool is "avg", not {global_pool!r}; forward_features gives what it pools'
            )
        self._own_head.reset(num_classes)
        self._own_head.linear.to(next(self.stages.parameters()))  # device and precision

    @property
    def num_classes(self) -> int:
        """How many logits a sample has."""
        return self._own_head.classes

    @property
    def num_features(self) -> int:
        """The channels that the head reads."""
        return self._own_head.width

    @property
    def _own_head(self) -> Head:
        if not isinstance(self.head, Head):
            raise TypeError("the head is a module of your own; replace network.head by another")
        return self.head


def is_block(module: nn.Module) -> bool:
    """Whether it is a compiled block, and no ReLU or pooling between blocks."""
    return hasattr(module, "states") and hasattr(module, "nfe")


def numbers(block: nn.Module) -> Iterator[nn.Parameter]:
    """The parameters of a block that are its scheme's: beside those of sub-nets and transitions."""
    for name, parameter in block.named_parameters():
        if name.partition(".")[0] not in ("f", "transition"):
            yield parameter


class Relu(nn.Module):
    """A ReLU after a block, of its newest values: `post = "relu"`.

    Original ResNet, and the released code of Luo et al. The order is that of the map before it.
    """

    def __init__(self, newest: Sequence[int]) -> None:
        super().__init__()
        self.newest = tuple(newest)

    def forward(self, state: States) -> States:
        """The state, of the same shapes."""
        if isinstance(state, Tensor):
            return torch.relu(state)
        return tuple(torch.relu(u) if i in self.newest else u for i, u in enumerate(state))
