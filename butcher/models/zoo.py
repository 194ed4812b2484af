"""timm's registry: after `import butcher.models.zoo` it creates the shipped networks.

    >>> import timm, butcher.models.zoo
    >>> timm.create_model("butcher_lm_resnet56", num_classes=100)

The names are `butcher_` and the name of a shipped network. Keywords that timm does not know are
keys of the network's `[model]` table: `depth=110`, `scheme="rk4"`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from butcher.models.build import build, read
from butcher.models.network import Network
from butcher.models.options import TableError
from butcher.models.shipped import catalogue, changed, table

try:
    from timm.data.constants import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
    from timm.models import (
        FeatureInfo,
        build_model_with_cfg,
        generate_default_cfgs,
        register_model,
    )
except ImportError:
    raise ImportError("butcher.models.zoo needs timm: pip install 'butcher-torch[zoo]'") from None

PREFIX = "butcher_"
CIFAR_MEAN, CIFAR_STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)

__all__: list[str] = []  # timm adds the names of the models


class Features(nn.Module):
    """What stem and stages of a network give: timm's `features_only`, `out_indices` of 0, 1, ....

    Index 0 is the stem, index i stage i. What nothing is asked of is left out: later stages and
    the head, so that no parameter waits for a gradient.
    """

    def __init__(
        self, network: Network, out_indices: int | Sequence[int] | None, size: tuple[int, ...]
    ) -> None:
        """size: (channels, H, W) of images by which channels and reductions are found."""
        super().__init__()
        shapes = [u.shape for u in features(copy.deepcopy(network).to("meta"), empty(size))]
        info = [
            {
                "num_chs": shape[1],
                "reduction": round(size[-1] / shape[-1]),
                "module": f"stages.{i - 1}" if i else "stem",
            }
            for i, shape in enumerate(shapes)
        ]
        if isinstance(out_indices, int):  # the last so many
            out_indices = range(len(info))[-out_indices:]
        places = range(len(info))
        chosen = tuple(places) if out_indices is None else tuple(places[i] for i in out_indices)
        self.feature_info = FeatureInfo(info, chosen)
        self.network = network
        # a stem whose value is one of several states is followed by the start of the first block
        network.stages = network.stages[: max(1, *chosen)]
        network.head = nn.Identity()

    def forward(self, x: Tensor) -> list[Tensor]:
        """From images to feature maps (N, num_chs, H / reduction, W / reduction), as chosen."""
        found = features(self.network, x)
        return [found[i] for i in self.feature_info.out_indices]


def features(network: Network, x: Tensor) -> list[Tensor]:
    """The feature maps of stem and stages, (N, C, H, W); tokens stand where their patches were."""
    return [u if u.dim() == 4 else as_map(u, x) for u in network.features(x)]


def as_map(u: Tensor, x: Tensor) -> Tensor:
    """Tokens (N, T, D) of the square patches of images `x`, rows first, to (N, D, H, W)."""
    side = round((x.shape[-2] * x.shape[-1] / u.shape[1]) ** 0.5)
    return u.transpose(1, 2).reshape(len(u), -1, x.shape[-2] // side, x.shape[-1] // side)


def empty(size: tuple[int, ...]) -> Tensor:
    """One image without numbers."""
    return torch.empty(1, *size, device="meta")


def made(
    name: str,
    *,
    in_chans: int = 3,
    num_classes: int = 10,
    drop_rate: float = 0.0,
    drop_path_rate: float = 0.0,
    global_pool: str = "avg",
    **changes: Any,
) -> Network:
    """The shipped network `name`, its table changed; ValueError for what no network has."""
    if drop_rate:
        raise ValueError(
            f"drop_rate={drop_rate}: the classifier has no dropout; sub-nets may have some, as in "
            'subnet={"kind": "preactivation", "dropout": 0.3}'
        )
    if global_pool != "avg":
        raise ValueError(f'global_pool is "avg", not {global_pool!r}; take features_only=True')
    if drop_path_rate:
        changes["survival"] = 1 - drop_path_rate
    try:
        return build(changed(table(name), changes), in_chans, num_classes)
    except TableError as wrong:
        if drop_path_rate:
            raise ValueError(
                f"drop_path_rate={drop_path_rate} is survival = {1 - drop_path_rate}: {wrong}"
            ) from None
        raise


def entry(name: str) -> Callable[..., nn.Module]:
    """What timm calls to create the shipped network `name`."""

    def create(pretrained: bool = False, **keywords: Any) -> nn.Module:
        channels, *places = default_cfgs[PREFIX + name].default.input_size
        size = (keywords.get("in_chans", channels), *places)
        chosen = partial(Features, size=size)
        features = {"out_indices": None, "feature_cls": chosen}
        model: nn.Module = build_model_with_cfg(
            partial(made, name), create.__name__, pretrained, feature_cfg=features, **keywords
        )
        return model

    create.__name__ = create.__qualname__ = PREFIX + name
    return create


def config(name: str, title: str) -> dict[str, Any]:
    """What timm knows of a network: for CIFAR, or for ImageNet where its stem is."""
    large = read(table(name)).stem in ("imagenet", "patches-16")
    return {
        "description": title,
        "input_size": (3, 224, 224) if large else (3, 32, 32),
        "num_classes": 1000 if large else 10,
        "mean": IMAGENET_DEFAULT_MEAN if large else CIFAR_MEAN,
        "std": IMAGENET_DEFAULT_STD if large else CIFAR_STD,
        "crop_pct": 0.875 if large else 1.0,
        "classifier": "head.linear",
    }


default_cfgs = generate_default_cfgs(
    {PREFIX + line["name"]: config(line["name"], line["title"]) for line in catalogue()}
)
for line in catalogue():
    register_model(entry(line["name"]))
