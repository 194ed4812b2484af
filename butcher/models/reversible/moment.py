"""What a module's value depends on beside arguments and parameters, kept to evaluate it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils.checkpoint import get_device_states, set_device_states


@dataclass(frozen=True)
class Generators:
    """The states of torch's random generators: that of the CPU, and those of some devices."""

    cpu: Tensor
    kind: str
    devices: list[int]
    states: list[Tensor]

    @classmethod
    def now(cls, tensors: Sequence[Tensor]) -> Generators:
        """With the generators of the devices on which `tensors` are."""
        elsewhere = [x for x in tensors if x.device.type not in ("cpu", "meta")]
        devices, states = get_device_states(*elsewhere) if elsewhere else ([], [])
        kind = elsewhere[0].device.type if elsewhere else "cpu"
        return cls(torch.get_rng_state(), kind, devices, states)

    def equal(self, other: Generators) -> bool:
        pairs = zip([self.cpu, *self.states], [other.cpu, *other.states], strict=True)
        return all(torch.equal(a, b) for a, b in pairs)

    @contextmanager
    def again(self) -> Iterator[None]:
        """Draw what was drawn from here on; afterwards draw on as if that had not been."""
        kind = self.kind if self.devices else "cuda"  # fork_rng knows no "cpu"
        with torch.random.fork_rng(devices=self.devices, device_type=kind):
            torch.set_rng_state(self.cpu)
            if self.devices:
                set_device_states(self.devices, self.states, device_type=self.kind)
            yield


@dataclass(frozen=True)
class Moment:
    """How things stood when a module was evaluated.

    buffers     those that the evaluation was seen to change, as they were before it. Batch
                normalisation changes its running statistics unseen, and needs none of them.
    generators  as they were before it; None where it drew nothing.
    """

    buffers: Mapping[str, Tensor]
    generators: Generators | None


def evaluate(module: nn.Module, *arguments: Any) -> tuple[Any, Moment]:
    """The module's value, and the moment that is needed to have the same again."""
    tensors = [x for argument in arguments for x in tensors_of(argument)]
    generators = Generators.now(tensors)
    before = {name: (b, b._version, b.clone()) for name, b in module.named_buffers()}
    value = module(*arguments)
    after = dict(module.named_buffers())
    changed = {
        name: copy
        for name, (buffer, version, copy) in before.items()
        if after.get(name) is not buffer or buffer._version != version
    }
    drew = not generators.equal(Generators.now(tensors))
    return value, Moment(changed, generators if drew else None)


def evaluate_again(
    module: nn.Module, moment: Moment, parameters: Mapping[str, Tensor], *arguments: Any
) -> Any:
    """The same value with `parameters`; buffers and generators stay what they are."""
    buffers = dict(module.named_buffers()) | dict(moment.buffers)
    buffers = {name: buffer.clone() for name, buffer in buffers.items()}
    with ExitStack() as stack:
        if moment.generators is not None:
            stack.enter_context(moment.generators.again())
        return functional_call(module, {**parameters, **buffers}, arguments)


def autocast_now(tensors: Sequence[Tensor]) -> list[torch.autocast]:
    """Autocast as it is set, for the CPU and the devices of `tensors`, to be entered again.

    Without its cache: casts that are made where no gradients are recorded are of no use where they
    are.
    """
    kinds = sorted({"cpu", *(x.device.type for x in tensors)})
    return [
        torch.autocast(
            kind,
            dtype=torch.get_autocast_dtype(kind),
            enabled=torch.is_autocast_enabled(kind),
            cache_enabled=False,
        )
        for kind in kinds
        if torch.amp.is_autocast_available(kind)
    ]


def tensors_of(value: Any) -> tuple[Tensor, ...]:
    """The tensors of a state, or of one argument of a sub-net, which may be a number."""
    if isinstance(value, Tensor):
        return (value,)
    return tuple(x for x in value if isinstance(x, Tensor)) if isinstance(value, tuple) else ()
