"""Operations that torch dispatches, and the passes over feature maps that they make."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


@dataclass(frozen=True)
class Counts:
    """passes      reads and writes of a whole map.
    kernels     operations that make them: what a GPU launches where nothing is fused.
    dispatched  all operations, those on single numbers and on views included.
    """

    passes: int
    kernels: int
    dispatched: int

    def __sub__(self, other: Counts) -> Counts:
        return Counts(
            self.passes - other.passes,
            self.kernels - other.kernels,
            self.dispatched - other.dispatched,
        )


class Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """While it is entered, `counts` grows.

    map_bytes  of one feature map. A tensor counts as often as it holds a whole one: a vector of
               channels or an expanded number not at all, a stack of n maps n times.
    leave_out  operations that are not counted, whatever their overload, those of a probe.
    """

    def __init__(self, map_bytes: int, leave_out: Collection[object] = ()) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.map_bytes = map_bytes
        self.leave_out = leave_out
        self.counts = Counts(0, 0, 0)

    def __torch_dispatch__(
        self,
        func: OpOverload[..., Any],
        types: Collection[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if func.overloadpacket not in self.leave_out:
            passes = 0 if _is_free(func) else self._maps((args, kwargs)) + self._maps(result)
            now = self.counts
            self.counts = Counts(
                now.passes + passes, now.kernels + bool(passes), now.dispatched + 1
            )
        return result

    def _maps(self, tree: object) -> int:
        return sum(_bytes(tensor) // self.map_bytes for tensor in tensors_of(tree))


def tensors_of(tree: object) -> Iterator[Tensor]:
    """The tensors in arguments or results, each once."""
    found = {id(leaf): leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)}
    return iter(found.values())


def _bytes(tensor: Tensor) -> int:
    """Of its elements; of an expanded one those that there are."""
    return min(tensor.nbytes, tensor.untyped_storage().nbytes())


def _is_free(func: OpOverload[..., Any]) -> bool:
    """Whether it touches no content: a view, or memory that nothing has been written to."""
    return func.is_view or "empty" in func.overloadpacket.__name__
