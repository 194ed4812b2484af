"""What a block is measured against: its sub-nets alone, and as many Euler blocks."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn


class Residual(nn.Module):
    """u + f(u), a ResNet's block: the Euler method with h = 1, as everyone writes it."""

    def __init__(self, f: nn.Module) -> None:
        super().__init__()
        self.f = f

    def forward(self, u: Tensor) -> Tensor:
        """(N, C, H, W) to the same."""
        branch: Tensor = self.f(u)
        return u + branch


def alone(branches: Sequence[nn.Module]) -> nn.Module:
    """The sub-nets one behind the other: all their work, and no other."""
    return nn.Sequential(*branches)


def euler(branches: Sequence[nn.Module]) -> nn.Module:
    """As many Euler blocks."""
    return nn.Sequential(*(Residual(f) for f in branches))
