"""Entry points of torch.hub: networks of compiled blocks, and blocks.

Of a checkout: `torch.hub.load(path, "network", "lm_resnet56", source="local")`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import nn

dependencies = ["lark", "networkx", "pydantic", "torch"]


def network(
    name: str | None = None, *, in_channels: int = 3, classes: int = 10, **model: Any
) -> nn.Module:
    """A network with new weights, from (N, in_channels, H, W) to logits (N, classes).

    name    of a shipped network; without one, `model` is all of the table.
    model   keys of its `[model]` table, such as depth=110 or scheme="rk4".
    """
    from butcher.models import build
    from butcher.models.shipped import changed, table

    return build(changed(table(name) if name else {}, model), in_channels, classes)


def block(
    scheme: str,
    f: nn.Module | Sequence[nn.Module] | Mapping[str, Any] | Callable[[], nn.Module],
    **options: Any,
) -> nn.Module:
    """One block of a method, such as "rk4", with sub-nets that `f` builds: `butcher.make_block`."""
    from butcher.block import make_block

    return make_block(scheme, f, **options)
