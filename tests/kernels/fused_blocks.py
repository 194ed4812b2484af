"""What the tests of the fused form share: emitted blocks, and a list of what they ran."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

import butcher
from butcher.compiler import load

SCRIPT = Path(__file__).parents[2] / "docs" / "benchmarks" / "fused.py"


def bounded(method: str) -> str:
    """The text of a shipped method, its step trained and never near 0."""
    text = load(method).source.text
    return re.sub(r"(?m)^(  order .*)$", r"\1\n  learn h = 1 in [1/2, 2]", text, count=1)


def fused(method: str, f: Any, kind: str = "fixed", form: str = "fused") -> nn.Module:
    """The emitted block; its step is "fixed", "learned", "per-stage", or "recovered": learned, and
    no evaluation is kept for its gradient.
    """
    scheme = bounded(method) if kind == "recovered" else method
    step = None if kind == "recovered" else kind
    return butcher.make_block(scheme, f, h=0.7, step=step, form=form)


class Squash(nn.Module):
    """A sub-net of one operator, so that what else ran is the block's: tanh saves its result."""

    def forward(self, u: Tensor) -> Tensor:
        return torch.tanh(u)


class Wave(nn.Module):
    """Smooth, with a weight; saves its argument, and not its result."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(()) + 0.5)

    def forward(self, u: Tensor) -> Tensor:
        return torch.sin(self.weight * u)


# What moves no map: memory asked for, and the same memory under another name.
FREE = (
    "empty",
    "empty_like",
    "expand",
    "detach",
    "view",
    "alias",
    "unbind",
    "new_empty",
    "ones_like",
    "as_strided",
)


class Ran(TorchDispatchMode):
    """The operators that ran on maps, by name; none that allocate or rename, none on scalars.

    passes   of whole maps that the rows of blocks read or write; a row that is added to is both.
    """

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.passes = 0

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        # what the rows of the block fill is its first argument
        first = args[0] if result is None and args else result
        first = first[0] if isinstance(first, tuple | list) else first
        name = str(func.overloadpacket)
        if name.split(".")[1] not in FREE and isinstance(first, Tensor) and first.numel() > 1:
            self.names.append(name)
        if name == "butcher.gather":
            totals, opened, terms = args[:3]
            self.passes += len(totals) + opened + len(terms)
        return result

    def of_block(self) -> dict[str, int]:
        """name -> how often, of all but sub-nets of `Squash`."""
        others = [name for name in self.names if "tanh" not in name]
        return {name: others.count(name) for name in sorted(set(others))}
