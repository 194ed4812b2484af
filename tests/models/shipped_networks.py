"""The shipped networks, with settings as `--set` has them."""

from functools import lru_cache
from typing import Any

import torch

from butcher.models import Network, build
from butcher.models.model import ModelOptions
from butcher.models.setting import apply, settings_of
from butcher.models.shipped import table

KEYS = {"model": list(ModelOptions.model_fields)}


def table_with(name: str, *settings: str) -> dict[str, Any]:
    """The `[model]` table of a shipped network, changed."""
    sections = {"model": table(name)}
    apply(sections, settings_of(settings, KEYS))
    return sections["model"]


@lru_cache(maxsize=100)
def shell(name: str, *settings: str, classes: int = 10) -> Network:
    """The network without numbers, to look at."""
    with torch.device("meta"):
        return build(table_with(name, *settings), 3, classes)
