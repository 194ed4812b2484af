"""HO-ResNet (Luo et al. 2021, arXiv:2103.15244): blocks at one width and one resolution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import AfterValidator, Field, model_validator
from torch import Tensor, nn

from butcher.block import make_block
from butcher.compiler import Scheme, UnknownSpecError, resolve
from butcher.models.family import ModelOptions
from butcher.models.options import Problem, TableError, one_of
from butcher.models.subnet import SUBNETS, Subnet, conv3x3

STEM_AND_CLASSIFIER = 2  # layers


class HoResNet(nn.Module):
    """Stem conv-BN-ReLU, `blocks` one after the other, global average pooling, classifier.

    Blocks with several states pass tuples; the first block's `start` makes the first one from
    the stem's feature map, and the first state of the last tuple is classified.
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        classes: int,
        blocks: list[nn.Module],
        *,
        post_relu: bool = False,
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv3x3(in_channels, width), nn.BatchNorm2d(width), nn.ReLU())
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(width, classes)
        self.post_relu = post_relu

    def forward(self, x: Tensor) -> Tensor:
        """Logits: (N, in_channels, H, W) to (N, classes)."""
        first: Any = self.blocks[0]
        u: Tensor = self.stem(x)
        if len(first.states) > 1:
            u = self.blocks(first.start(u))[0]
        else:
            for block in self.blocks:
                u = torch.relu(block(u)) if self.post_relu else block(u)
        return self.head(u.mean(dim=(2, 3)))  # type: ignore[no-any-return]


class HoResNetOptions(ModelOptions):
    """Keys of `[model]` with family "ho-resnet". None: what the scheme's file says."""

    alternatives: ClassVar[tuple[frozenset[str], ...]] = (frozenset({"depth", "blocks"}),)

    family: Literal["ho-resnet"] = "ho-resnet"
    scheme: str
    step: Literal["fixed", "learned", "per-stage"] | None = None
    h: float | None = None
    weights: Literal["per-stage", "shared"] | None = None
    depth: int | None = Field(default=None, ge=1)
    blocks: int | None = Field(default=None, ge=1)
    width: int = Field(default=64, ge=1)
    subnet: Annotated[str, AfterValidator(one_of(SUBNETS))] = "vgg"
    post_relu: bool = False

    @model_validator(mode="after")
    def _one_size(self) -> HoResNetOptions:
        if (self.depth is None) == (self.blocks is None):
            raise ValueError("give depth (layers) or blocks, one of the two")
        return self

    def build(self, in_channels: int, classes: int) -> nn.Module:
        """Build with He normal convolutions, drawn from torch's global generator."""
        scheme = self._resolved()
        counted = Counted(SUBNETS[self.subnet], self.width)
        first = self._block(scheme, counted)
        if self.post_relu and len(first.states) > 1:
            problem = "blocks of several states pass them on unchanged; leave post_relu out"
            raise TableError([Problem("model.post_relu", problem)])
        number = self.blocks or self._blocks_in(scheme.name, counted.layers)
        blocks = [first, *(self._block(scheme, counted) for _ in range(number - 1))]
        model = HoResNet(in_channels, self.width, classes, blocks, post_relu=self.post_relu)
        he_normal(model)
        return model

    def _resolved(self) -> Scheme:
        try:
            return resolve(self.scheme)
        except UnknownSpecError as unknown:
            raise TableError([Problem("model.scheme", str(unknown))]) from None

    def _block(self, scheme: Scheme, subnet: Callable[[], nn.Module]) -> Any:
        per_channel = any(symbol.scope == "channel" for symbol in scheme.symbols)
        values = {"channels": self.width} if per_channel else {}
        try:
            return make_block(
                scheme, subnet, h=self.h, step=self.step, weights=self.weights, **values
            )
        except ValueError as wrong:  # an option that this scheme cannot have
            raise TableError([Problem("model", str(wrong))]) from None

    def _blocks_in(self, scheme: str, layers: int) -> int:
        """How many blocks of `layers` layers `depth` holds."""
        assert self.depth is not None  # the validator saw to it
        number, rest = divmod(self.depth - STEM_AND_CLASSIFIER, layers)
        if number >= 1 and rest == 0:
            return number
        near = [n * layers + STEM_AND_CLASSIFIER for n in (number, number + 1) if n >= 1]
        raise TableError(
            [
                Problem(
                    "model.depth",
                    f"{self.depth} layers are no whole number of blocks: a {scheme} block "
                    f"has {layers}, stem and classifier {STEM_AND_CLASSIFIER}; "
                    f"write {' or '.join(map(str, near or [layers + STEM_AND_CLASSIFIER]))}",
                )
            ]
        )


class Counted:
    """Builds sub-nets for `make_block` and counts their layers."""

    def __init__(self, subnet: Subnet, channels: int) -> None:
        self.subnet, self.channels, self.layers = subnet, channels, 0

    def __call__(self) -> nn.Module:
        self.layers += self.subnet.layers
        return self.subnet.make(self.channels)


def he_normal(model: nn.Module) -> None:
    """He normal weights for every convolution, as the papers on residual networks use."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
