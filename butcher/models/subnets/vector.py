"""Sub-nets of vectors and tokens, channels last: (N, D) and (N, T, D)."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from butcher.models.shape import Domain, Shape
from butcher.models.subnets.layers import DropRate, dropped, sequential
from butcher.models.subnets.subnet import Subnet


class Perceptron(Subnet):
    """LayerNorm, and two linear layers with an activation between; `dropout` follows each.

    The hidden layer has e inside units, e = `expansion`.
    Parameters: e inside (inside + 1 + outside) + outside + 2 inside.
    """

    domain: ClassVar[Domain] = "vector"
    expansion: int = Field(default=4, ge=1)
    dropout: DropRate = 0.0

    @property
    def layers(self) -> int:
        """The two linear layers."""
        return 2

    def perceptron(self, shape: Shape, activation: nn.Module) -> nn.Module:
        """LayerNorm-Linear-`activation`-Linear."""
        self.check_keeps_places(shape)
        hidden = self.expansion * shape.inside
        return sequential(
            [
                ("norm", nn.LayerNorm(shape.inside)),
                ("linear1", nn.Linear(shape.inside, hidden)),
                ("activation", activation),
                *dropped(1, self.dropout),
                ("linear2", nn.Linear(hidden, shape.outside)),
                *dropped(2, self.dropout),
            ]
        )


class Mlp(Perceptron):
    """LayerNorm-Linear-GELU-Linear (Dosovitskiy et al. 2021, equation 3). Shape as Perceptron."""

    kind: Literal["mlp"] = "mlp"

    def make(self, shape: Shape, *, activated: bool = False) -> nn.Module:
        """`activated` changes nothing: a LayerNorm is no BN-ReLU."""
        return self.perceptron(shape, nn.GELU())


class FeedForward(Perceptron):
    """LayerNorm-Linear-ReLU-Linear, the transformer's second slot (Vaswani et al. 2017, eq. 2).

    The normalisation stands before it, as in Xiong et al. 2020. Shape as Perceptron.
    """

    kind: Literal["feed-forward"] = "feed-forward"

    def make(self, shape: Shape, *, activated: bool = False) -> nn.Module:
        """`activated` changes nothing: a LayerNorm is no BN-ReLU."""
        return self.perceptron(shape, nn.ReLU())


class Attention(Subnet):
    """LayerNorm and self-attention of all tokens to all, (N, T, D) (Vaswani et al. 2017, sec. 3.2).

    `dropout` is that of the attention weights. Parameters, biases included:
    3 inside (inside + 1) + outside (inside + 1) + 2 inside.
    """

    domain: ClassVar[Domain] = "vector"
    kind: Literal["attention"] = "attention"
    heads: int = Field(default=4, ge=1)
    dropout: DropRate = 0.0

    @property
    def layers(self) -> int:
        """The linear layers to queries, keys and values, which are one, and to the output."""
        return 2

    def make(self, shape: Shape, *, activated: bool = False) -> nn.Module:
        """`activated` changes nothing: a LayerNorm is no BN-ReLU."""
        self.check_keeps_places(shape)
        if shape.inside % self.heads:
            raise self.refuse(shape, f"inside must be a multiple of the heads, {self.heads}")
        return AttentionModule(shape, self.heads, self.dropout)


class AttentionModule(nn.Module):
    """softmax(Q K^T / sqrt(D / heads)) V in each head, then one linear layer."""

    def __init__(self, shape: Shape, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.norm = nn.LayerNorm(shape.inside)
        self.qkv = nn.Linear(shape.inside, 3 * shape.inside)
        self.out = nn.Linear(shape.inside, shape.outside)

    def forward(self, u: Tensor) -> Tensor:
        """(N, T, inside) to (N, T, outside)."""
        if u.dim() != 3:
            raise ValueError(f"attention needs tokens (N, T, D); it was given {u.dim()} dimensions")
        qkv = self.qkv(self.norm(u)).unflatten(-1, (3, self.heads, -1))
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # each (N, heads, T, D / heads)
        rate = self.dropout if self.training else 0.0
        mixed = F.scaled_dot_product_attention(q, k, v, dropout_p=rate)
        joined: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return joined
