"""What every kind of sub-net has: keys of a recipe's table, and a module made for a shape."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import nn

from butcher.models.options import Options
from butcher.models.shape import Domain, Shape


class Subnet(Options, ABC):
    """A kind of sub-net F, what a block evaluates: `kind` names it, its other keys shape it."""

    domain: ClassVar[Domain] = "image"

    kind: str

    @property
    @abstractmethod
    def layers(self) -> int:
        """Weighted layers it adds to the depth, as papers count: on the longest path."""

    @property
    def widening(self) -> int:
        """Channels it gives for each of the planes that a paper counts a stage's width in."""
        return 1

    @abstractmethod
    def make(self, shape: Shape, *, activated: bool = False) -> nn.Module:
        """A new one, (N, inside, H, W) to (N, outside, ceil(H / stride), ceil(W / stride)).

        `activated`: the input has been through a normalisation and a ReLU already, shared with
        the shortcut or done by the stem. Kinds that begin with those leave them out; the other
        kinds take no notice. ValueError where the kind cannot do `shape`.
        """

    def initialise(self, module: nn.Module, branches: int) -> None:
        """Give `module`, which `make` made, the start values that its paper asks for.

        To be called once, after the network has drawn its weights (He normal); `branches` is the
        number of sub-nets in the network. Most papers ask for nothing more.
        """
        del module, branches

    def refuse(self, shape: Shape, reason: str) -> ValueError:
        """The error of a kind that cannot do `shape`."""
        return ValueError(f'sub-net "{self.kind}" cannot take {shape}: {reason}')

    def check_keeps_shape(self, shape: Shape) -> None:
        """Refuse a shape that changes."""
        if shape.changes:
            raise self.refuse(
                shape, 'it keeps the shape; write transition = "neck", or another kind'
            )

    def check_keeps_places(self, shape: Shape) -> None:
        """Refuse a stride."""
        if shape.stride != 1:
            raise self.refuse(
                shape, 'it keeps every place; write strides of 1, or transition = "neck"'
            )


def last_norm(module: nn.Module) -> nn.BatchNorm2d | None:
    """The BatchNorm whose value is the sub-net's value, if there is one.

    With its weight at zero the sub-net starts as zero and learns (Goyal et al. 2017, section
    5.1). A ReLU behind it would pass no gradient there, so "vgg" and "conv" have none.
    """
    while isinstance(module, nn.Sequential):
        module = module[-1]
    return module if isinstance(module, nn.BatchNorm2d) else None
