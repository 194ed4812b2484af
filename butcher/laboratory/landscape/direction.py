"""Random directions in the space of weights, as long as the weights, filter by filter.

Li, Xu, Taylor, Studer, Goldstein (2018), arXiv:1712.09913, section 4. A network that normalises
does not change when a filter grows; neither do surfaces along these directions.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from butcher.models.network import is_block, numbers

Direction = dict[str, Tensor]
"""For the names of parameters; those that are not named stay where they are."""


def direction(model: nn.Module, generator: torch.Generator) -> Direction:
    """Normal numbers, the rows of each weight scaled to the norms of the weight's own rows.

    Biases, what normalises (all tensors of one dimension) and the numbers of the schemes (h, k)
    have no part in it. Of two networks whose weights have the same shapes in the same order, one
    generator makes the same normal numbers.
    """
    found: Direction = {}
    for name, weight in moved(model).items():
        drawn = torch.randn(weight.shape, generator=generator, dtype=torch.float32)
        found[name] = scaled(drawn.to(weight), weight.detach())
    return found


def moved(model: nn.Module) -> dict[str, nn.Parameter]:
    """The weights that a direction changes, by name."""
    own = {p for block in model.modules() if is_block(block) for p in numbers(block)}
    return {
        name: weight
        for name, weight in model.named_parameters()
        if weight.dim() > 1 and weight not in own
    }


def scaled(drawn: Tensor, weight: Tensor) -> Tensor:
    """Each drawn[i] as long as weight[i]; zero where that is."""
    lengths = drawn.flatten(1).norm(dim=1).clamp_min(torch.finfo(drawn.dtype).tiny)
    factors: Tensor = weight.flatten(1).norm(dim=1) / lengths
    return drawn * factors.reshape(-1, *[1] * (drawn.dim() - 1))
