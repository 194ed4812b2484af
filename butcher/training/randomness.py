"""The generators from which a training draws, as a checkpoint holds them."""

from __future__ import annotations

import random
import sys
from typing import Any

import torch

State = dict[str, Any]
"""Of each generator its state, in what `torch.load(weights_only=True)` reads."""


def state() -> State:
    """Torch's generators of CPU and GPUs, Python's, and NumPy's where it is loaded."""
    found: State = {"torch": torch.get_rng_state(), "python": random.getstate()}
    if torch.cuda.is_available() and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        found["cuda"] = torch.cuda.get_rng_state_all()
    if numpy := sys.modules.get("numpy"):
        name, keys, *rest = numpy.random.get_state()
        found["numpy"] = (name, keys.tolist(), *rest)
    return found


def restore(found: State) -> None:
    """Go on drawing where `state` was taken; GPUs that are not here are passed over."""
    torch.set_rng_state(found["torch"])
    random.setstate(found["python"])
    if "cuda" in found and torch.cuda.is_available():
        for index, one in enumerate(found["cuda"][: torch.cuda.device_count()]):
            torch.cuda.set_rng_state(one, index)
    if "numpy" in found and (numpy := sys.modules.get("numpy")):
        numpy.random.set_state(found["numpy"])
