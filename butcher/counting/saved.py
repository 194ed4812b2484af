"""What autograd keeps of a forward pass for the backward pass, each storage once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from torch import Tensor, UntypedStorage
from torch.autograd.graph import saved_tensors_hooks


class Kept(saved_tensors_hooks):
    """While it is entered, `storages` gathers what autograd saves. There is no backward pass.

    storages   by a number that is the storage's own: they stay alive, so none takes another's.
    seen       called with that number whenever a tensor of the storage is saved.
    """

    def __init__(self, seen: Callable[[int], None] = lambda key: None) -> None:
        self.storages: dict[int, UntypedStorage] = {}
        self._seen = seen
        super().__init__(self._keep, _unused)

    def _keep(self, tensor: Tensor) -> None:
        key = storage_key(tensor)
        self.storages[key] = tensor.untyped_storage()
        self._seen(key)


def _unused(kept: None) -> Tensor:
    raise AssertionError("there is no backward pass")


def storage_key(tensor: Tensor) -> int:
    """The same number for tensors that share their memory, as long as that lives."""
    return int(tensor.untyped_storage()._cdata)


@dataclass(frozen=True)
class Saved:
    """Bytes that a forward pass keeps for its backward pass.

    maps        activations: made in the forward pass, and released by the backward pass.
    inputs      what the block was given.
    parameters  of the block, its buffers included: alive anyway.
    """

    maps: int
    inputs: int
    parameters: int


def saved(
    forward: Callable[[], object], inputs: Iterable[Tensor], parameters: Iterable[Tensor]
) -> Saved:
    """What `forward` keeps; a storage that is among `inputs` or `parameters` is named so."""
    given = {storage_key(tensor) for tensor in inputs}
    owned = {storage_key(tensor) for tensor in parameters}
    kept = Kept()
    with kept:
        forward()
    sizes = {key: storage.nbytes() for key, storage in kept.storages.items()}
    return Saved(
        maps=sum(size for key, size in sizes.items() if key not in given | owned),
        inputs=sum(size for key, size in sizes.items() if key in given),
        parameters=sum(size for key, size in sizes.items() if key in owned),
    )
