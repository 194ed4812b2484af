"""Start values of a network's weights."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from butcher.models.blocks import Branch
from butcher.models.subnets import last_norm


def initialise(
    network: nn.Module, nets: Sequence[tuple[Branch, nn.Module]], *, zero: bool = False
) -> None:
    """He normal convolutions, then what the paper of each sub-net asks for.

    zero  whether the BatchNorm that a sub-net ends in has weight 0, so that the sub-net starts as
          zero and a block as the identity (Goyal et al. 2017, arXiv:1706.02677, section 5.1).
    """
    he_normal(network)
    for branch, net in nets:
        branch.initialise(net, len(nets))
        if zero and (norm := last_norm(net)) is not None:
            nn.init.zeros_(norm.weight)


def he_normal(model: nn.Module) -> None:
    """He normal weights for every convolution, as the papers on residual networks use."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and not module.weight.is_meta:
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
