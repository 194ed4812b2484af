"""Single or half precision: what is computed in it, and how small gradients survive it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Literal

import torch
from torch.amp import GradScaler

Precision = Literal["fp32", "bf16", "fp16"]

_HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}


@contextmanager
def single() -> Iterator[None]:
    """Make modules in single precision: weights that are drawn in another are other weights."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def autocast(precision: Precision, device: torch.device) -> AbstractContextManager[None]:
    """Convolutions and matrix products in half precision; weights and sums stay single."""
    dtype = _HALF.get(precision, torch.bfloat16)
    enabled = precision in _HALF
    return torch.autocast(device.type, dtype, enabled=enabled)


def scaler(precision: Precision, device: torch.device) -> GradScaler:
    """Scales the loss where gradients would round to 0: in fp16. Elsewhere it changes nothing."""
    return GradScaler(device.type, enabled=precision == "fp16")
