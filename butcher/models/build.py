"""From the `[model]` table of a recipe to a network: the only place that knows every family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from butcher.models.family import ModelOptions
from butcher.models.ho_resnet import HoResNetOptions
from butcher.models.options import Problem, TableError, checked, shown, suggestion

FAMILIES: dict[str, type[ModelOptions]] = {"ho-resnet": HoResNetOptions}


def family(table: Mapping[str, Any]) -> type[ModelOptions]:
    """The options of the family that `table` names."""
    if "family" not in table:
        raise TableError([Problem("model.family", f"is missing{suggestion('', FAMILIES)}")])
    name = table["family"]
    if not isinstance(name, str) or name not in FAMILIES:
        message = f"{shown(name)} is not known{suggestion(name, FAMILIES)}"
        raise TableError([Problem("model.family", message)])
    return FAMILIES[name]


def read(table: Mapping[str, Any]) -> ModelOptions:
    """The `[model]` table, checked; TableError names every wrong key."""
    return checked(family(table), table, "model")


def build(table: Mapping[str, Any], in_channels: int, classes: int) -> nn.Module:
    """The network of a `[model]` table, from (N, in_channels, H, W) to (N, classes)."""
    return read(table).build(in_channels, classes)


def parameters(model: nn.Module) -> int:
    """How many numbers training may change."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
