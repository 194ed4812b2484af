"""The generators from which a training draws, as a checkpoint holds them."""

from __future__ import annotations

import random
import sys
from typing import Any

import torch

State = dict[str, Any]
"""Of each generator its state, in what `torch.load(weights_only=True)` reads."""


def state(device: torch.device) -> State:
    """Torch's generators of CPU and `device`, Python's, and NumPy's where it is loaded."""
    found: State = {"torch": torch.get_rng_state(), "python": random.getstate()}
    if device.type == "cuda":
        found["cuda"] = torch.cuda.get_rng_state(device)
    if numpy := sys.modules.get("numpy"):
        name, keys, *rest = numpy.random.get_state()
        found["numpy"] = (name, keys.tolist(), *rest)
    return found


def restore(found: State, device: torch.device) -> None:
    """Go on drawing where `state` was taken, of a device of the same kind."""
    torch.set_rng_state(found["torch"])
    random.setstate(found["python"])
    if "cuda" in found and device.type == "cuda":
        torch.cuda.set_rng_state(found["cuda"], device)
    if "numpy" in found and (numpy := sys.modules.get("numpy")):
        numpy.random.set_state(found["numpy"])
