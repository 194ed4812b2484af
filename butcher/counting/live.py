"""The feature maps that a block holds while its sub-nets work."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch._ops import OpOverload
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode

from butcher.counting.operations import tensors_of
from butcher.counting.probe import FLIP, Flip
from butcher.counting.saved import storage_key


def carried(make: Callable[[nn.Module], nn.Module], state: Tensor) -> tuple[int, ...]:
    """The maps that are held across each evaluation of a forward pass without gradients.

    `make` builds the block around one sub-net, here a probe. The argument of the evaluation does
    not count; the state counts as long as the block reads it afterwards: its caller holds it
    anyway.
    """
    mode = _Watch(state)
    block = make(Flip(mode.enter))
    with torch.no_grad(), mode:
        block(state)
    return tuple(
        held + (position < mode.last_read)
        for position, held in zip(mode.positions, mode.held, strict=True)
    )


class _Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Which storages of the size of the state are alive when an evaluation begins.

    positions  the number of operations that came before each evaluation.
    held       the maps that were alive then, state and argument not counted.
    last_read  the position of the last operation that read the state, -1 if none did.
    """

    def __init__(self, state: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.size = state.nbytes
        self.state = storage_key(state)
        self.position = 0
        self.positions: list[int] = []
        self.held: list[int] = []
        self.last_read = -1
        self._made: dict[int, StorageWeakRef] = {}

    def enter(self, argument: Tensor) -> None:
        self.positions.append(self.position)
        alive = {key for key, made in self._made.items() if not _is_released(made)}
        self.held.append(len(alive - {self.state, storage_key(argument)}))

    def __torch_dispatch__(
        self,
        func: OpOverload[..., Any],
        types: Collection[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        read = any(storage_key(given) == self.state for given in tensors_of((args, kwargs)))
        if read and func.overloadpacket is not FLIP:  # the probe reads what it was given
            self.last_read = self.position
        for made in tensors_of(result):
            if made.untyped_storage().nbytes() >= self.size:
                self._made[storage_key(made)] = _weakly(made)
        self.position += 1
        return result


def _weakly(tensor: Tensor) -> StorageWeakRef:
    """While it is there, no other storage takes this one's number."""
    return StorageWeakRef(tensor.untyped_storage())  # type: ignore[no-untyped-call]


def _is_released(storage: StorageWeakRef) -> bool:
    return bool(storage.expired())  # type: ignore[no-untyped-call]
