"""One process, or several that train one network: what they do together.

An `Alone` and a `Together` have the same methods, so nobody else asks how many there are. Where
processes wait for each other, all of them have to call, in the same order.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar, cast

import torch
import torch.distributed
from torch import Tensor, nn, optim
from torch.nn.parallel import DistributedDataParallel

from butcher.models import Network
from butcher.training.data import draws

T = TypeVar("T")


class Alone:
    """The only process: nobody to wait for."""

    parallel = "none"
    rank = 0
    world = 1

    def wrap(self, network: Network) -> nn.Module:
        """What to call for a forward pass in training; the weights stay those of `network`.

        Backward passes leave the mean of the gradients of all processes.
        """
        return network

    def part(self, module: nn.Module, *, last: bool) -> AbstractContextManager[None]:
        """Around the passes of a part of a batch; gradients are exchanged in the `last`."""
        return nullcontext()

    def sum(self, tensor: Tensor) -> None:
        """Replace `tensor` by its sum over processes."""

    def mean(self, tensors: Sequence[Tensor]) -> None:
        """Replace each of `tensors` by its mean over processes."""

    def total(self, number: int) -> int:
        """The sum over processes; no GPU is waited for."""
        return number

    def largest(self, number: int) -> int:
        """The largest of all processes; no GPU is waited for."""
        return number

    def first(self, make: Callable[[], T]) -> T:
        """What the first process makes, or the error that it meets."""
        return make()

    def each(self, make: Callable[[], T]) -> T:
        """What this process makes; the error of the first that meets one."""
        return make()

    def gathered(self, value: T) -> list[T]:
        """The values of all processes."""
        return [value]

    def draw_apart(self, seed: int, step: int) -> None:
        """Draw other random numbers than the other processes, from here on."""

    def local(self, tensor: Tensor) -> Tensor:
        """What of a weight is in this process."""
        return tensor

    def whole(self, state: Any) -> Any:
        """A state dict, or a tensor, with all that other processes have of it."""
        return state

    def load(self, network: Network, optimizer: optim.Optimizer, state: dict[str, Any]) -> None:
        """Load the "model" and the "optimizer" of a whole state."""
        network.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])


ALONE = Alone()


class Together(Alone):
    """One of the processes of torch's default group. Integers and objects go through gloo."""

    def __init__(self) -> None:
        self.rank = torch.distributed.get_rank()
        self.world = torch.distributed.get_world_size()

    def sum(self, tensor: Tensor) -> None:
        torch.distributed.all_reduce(tensor)

    def mean(self, tensors: Sequence[Tensor]) -> None:
        if not tensors:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        self.sum(flat)
        flat /= self.world
        sizes = [tensor.numel() for tensor in tensors]
        with torch.no_grad():
            for tensor, mean in zip(tensors, torch.split(flat, sizes), strict=True):
                tensor.copy_(mean.view_as(tensor))

    def total(self, number: int) -> int:
        return self._reduced(number, torch.distributed.ReduceOp.SUM)

    def largest(self, number: int) -> int:
        return self._reduced(number, torch.distributed.ReduceOp.MAX)

    def _reduced(self, number: int, how: Any) -> int:
        tensor = torch.tensor(number)
        torch.distributed.all_reduce(tensor, how)
        return int(tensor)

    def first(self, make: Callable[[], T]) -> T:
        told: list[Tried[T]] = [_tried(make)] if self.rank == 0 else [(None, None)]
        torch.distributed.broadcast_object_list(told, device=torch.device("cpu"))
        return _told(told[0])

    def each(self, make: Callable[[], T]) -> T:
        value, wrong = _tried(make)
        errors = [one for one in self.gathered(wrong) if one]
        return _told((value, errors[0] if errors else None))

    def gathered(self, value: T) -> list[T]:
        found: list[Any] = [None] * self.world
        torch.distributed.all_gather_object(found, value)
        return found

    def draw_apart(self, seed: int, step: int) -> None:
        if self.rank:  # the first one draws as if it were alone
            torch.manual_seed(draws.key(seed, self.rank, step))


class Replicated(Together):
    """Every process has all weights: DistributedDataParallel."""

    parallel = "ddp"

    def wrap(self, network: Network) -> nn.Module:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch's own, about its C++ stack
            return DistributedDataParallel(
                network,
                broadcast_buffers=False,  # their mean is taken after every step
                find_unused_parameters=bool(network.facts.dead),
            )

    def part(self, module: nn.Module, *, last: bool) -> AbstractContextManager[None]:
        assert isinstance(module, DistributedDataParallel)
        return nullcontext() if last else module.no_sync()


Tried = tuple[T | None, Exception | None]
"""A value or an error."""


def _tried(make: Callable[[], T]) -> Tried[T]:
    try:
        return make(), None
    except Exception as wrong:  # it is raised again, wherever it has been told
        return None, wrong


def _told(tried: Tried[T]) -> T:
    value, wrong = tried
    if wrong is not None:
        raise wrong
    return cast("T", value)
