"""Start values of a network's weights."""

from __future__ import annotations

from typing import Any

from torch import nn

from butcher.models.model import ModelOptions
from butcher.models.network import Network
from butcher.models.subnets import last_norm


def initialise(network: Network, options: ModelOptions) -> None:
    """He normal convolutions; the last BatchNorm of a sub-net zero if wanted; the paper's own."""
    he_normal(network)
    blocks: list[Any] = network.blocks
    nets = [net for block in blocks for net in block.f]
    for net in nets:
        if options.zero_init and (norm := last_norm(net)) is not None:
            nn.init.zeros_(norm.weight)


def he_normal(model: nn.Module) -> None:
    """He normal weights for every convolution, as the papers on residual networks use."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
