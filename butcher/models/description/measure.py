"""What a pass through a network computes and stores, measured on tensors without content.

On the device `meta` a tensor has a shape and no numbers. A pass then takes as long as the calls of
its operators, whatever the images are like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from butcher.counting.saved import Kept
from butcher.models.description.norms import QuickNorms
from butcher.models.network import Network
from butcher.models.reversible import Reversible

Shape = tuple[int, ...]

IMAGES = 1009
"""As many images as stand in a batch that is measured: a prime that the sizes of weights and of
statistics have no reason to hold. So a storage whose size it divides holds something of every
image."""


class CannotRunError(ValueError):
    """A network cannot take images of that shape."""


class DependsOnDataError(Exception):
    """What a pass computes is decided by the numbers that it meets."""


@dataclass(frozen=True)
class Pass:
    """One image through a network in evaluation mode.

    flops   floating-point operations, a multiplication and an addition are two, of matrix
            products, convolutions and attention, as torch's FlopCounterMode counts them.
    stages  the shape of the newest values behind each stage, (C, H, W) or (T, D).
    output  (classes,).
    """

    flops: int
    stages: tuple[Shape, ...]
    output: Shape


@dataclass(frozen=True)
class Stored:
    """Bytes that one image keeps for the backward pass of training, in single precision.

    stages  of each stage; beside  of stem and head, without what a stage stores anyway.
    """

    stages: tuple[int, ...]
    beside: int


def one_pass(network: Network, shape: Shape) -> Pass:
    """What one image of `shape` costs; `network` is on `meta` and stays as it is."""
    shapes: dict[int, Shape] = {}

    def note(index: int, state: Any) -> None:
        shapes[index] = tuple(network.value(state).shape[1:])

    with ExitStack() as stack:
        stack.enter_context(_mode(network, training=False))
        stack.enter_context(_behind_stages(network, note))
        counter = stack.enter_context(FlopCounterMode(display=False))
        stack.enter_context(torch.no_grad())
        output = _run(network, _images(1, shape))
    stages = tuple(shapes[index] for index in sorted(shapes))
    return Pass(int(counter.get_total_flops()), stages, tuple(output.shape[1:]))


def stored(network: Network, shape: Shape) -> Stored:
    """What training on images of `shape` stores; `network` is on `meta` and stays as it is."""
    try:
        return _stored(network, shape, drawing=True)
    except DependsOnDataError:
        # Branches that a batch may skip: as if none were.
        return _stored(network, shape, drawing=False)


def _stored(network: Network, shape: Shape, *, drawing: bool) -> Stored:
    """drawing: whether blocks draw their random numbers, or take the means."""
    place = -1
    places: dict[int, set[int]] = {}
    kept = Kept(lambda key: places.setdefault(key, set()).add(place))

    def enter(index: int) -> None:
        nonlocal place
        place = index

    def leave(index: int, state: Any) -> None:
        nonlocal place
        place = -1

    with ExitStack() as stack:
        stack.enter_context(_mode(network, training=True, drawing=drawing))
        stack.enter_context(_behind_stages(network, leave, enter))
        stack.enter_context(torch.enable_grad())
        stack.enter_context(kept)
        _run(network, _images(IMAGES, shape))
    stages = [0] * len(list(network.stages.children()))
    beside = 0
    for key, storage in kept.storages.items():
        size, rest = divmod(storage.nbytes(), IMAGES)
        if rest:
            continue  # weights and statistics, which do not grow with the images
        in_stages = sorted(places[key] - {-1})
        if in_stages:
            stages[in_stages[0]] += size
        else:
            beside += size
    return Stored(tuple(stages), beside)


def _images(number: int, shape: Shape) -> Tensor:
    return torch.empty(number, *shape, device="meta", dtype=torch.float32)


def _run(network: Network, images: Tensor) -> Tensor:
    try:
        with QuickNorms():
            return network(images)  # type: ignore[no-any-return]
    except (RuntimeError, ValueError, IndexError) as wrong:
        reason = str(wrong).partition("\n")[0]
        if "meta" in reason:
            raise DependsOnDataError(reason) from None
        size = " x ".join(map(str, images.shape[1:]))
        raise CannotRunError(f"the network cannot take {size}: {reason}") from None


@contextmanager
def _mode(network: Network, *, training: bool, drawing: bool = True) -> Iterator[None]:
    """Training or evaluation, and back."""
    before = {module: module.training for module in network.modules()}
    network.train(training)
    if not drawing:
        for block in network.blocks:
            block.training = False  # of the block alone, not of its sub-nets
    try:
        yield
    finally:
        for module, mode in before.items():
            module.training = mode


@contextmanager
def _behind_stages(
    network: Network,
    behind: Callable[[int, Any], None],
    before: Callable[[int], None] = lambda index: None,
) -> Iterator[None]:
    """Have `before` and `behind` called around each stage, the latter with its state."""

    def first(index: int) -> Callable[[nn.Module, Any], None]:
        return lambda module, given: before(index)

    def last(index: int) -> Callable[[nn.Module, Any, Any], None]:
        return lambda module, given, state: behind(index, state)

    handles = []
    for index, stage in enumerate(network.stages.children()):
        handles.append(stage.register_forward_pre_hook(first(index)))
        handles.append(stage.register_forward_hook(last(index)))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def keep_as(network: Network, real: Network) -> None:
    """Let reversible stages without numbers store what those of `real` do: that depends on k."""
    pairs = zip(network.stages.children(), real.stages.children(), strict=True)
    for stage, known in pairs:
        if isinstance(stage, Reversible) and isinstance(known, Reversible):
            stage.kept = partial(list, known.kept())
