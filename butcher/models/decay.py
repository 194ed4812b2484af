"""Which parameters weight decay is for."""

from __future__ import annotations

from typing import Any

from torch import nn

from butcher.models.network import is_block, numbers


def param_groups(
    model: nn.Module, weight_decay: float, *, decay_norms: bool = True
) -> list[dict[str, Any]]:
    """Two groups for an optimizer: the parameters that decay, and those that do not.

    Numbers of the schemes (h, k, a trained coefficient) never decay: towards 0 a step is no step.
    With `decay_norms=False` neither do biases and what normalises, every tensor of one dimension.
    Frozen parameters are in no group.

        torch.optim.SGD(param_groups(model, 1e-4), lr=0.1, momentum=0.9)
    """
    blocks = (module for module in model.modules() if is_block(module))
    own = {parameter for block in blocks for parameter in numbers(block)}
    decayed: list[nn.Parameter] = []
    kept: list[nn.Parameter] = []
    for parameter in model.parameters():
        if not parameter.requires_grad:
            continue
        is_vector = parameter.dim() <= 1
        stays = parameter in own or (is_vector and not decay_norms)
        (kept if stays else decayed).append(parameter)
    groups = [(decayed, weight_decay), (kept, 0.0)]
    return [{"params": params, "weight_decay": decay} for params, decay in groups if params]
