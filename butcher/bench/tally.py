"""What is counted of a work: memory, saved tensors, passes and kernels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import torch
from torch import Tensor, nn
from torch._C._autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

from butcher.bench.clock import Rig
from butcher.bench.settings import Settings
from butcher.bench.work import Work
from butcher.counting.memory import peak
from butcher.counting.operations import Counts, Operations
from butcher.counting.probe import FLIP, Flip
from butcher.counting.saved import Saved, saved
from butcher.spec.model import Model


class Elementwise(Model):
    """Of the block without its sub-nets, see `butcher.counting.operations`."""

    passes: int
    kernels: int
    dispatched: int


class Tally(Model):
    """Memory in bytes. None is what cannot be seen from outside a compiled module.

    peak_inference, peak_training   the most that lives at once above what the caller holds: the
                                    state, parameters and their gradients.
    saved_maps, saved_inputs, saved_parameters
                                    what the forward pass keeps, each storage once.
    forward, backward               passes and kernels of the block alone.
    gpu_kernels                     what a GPU runs in both passes, sub-nets included.
    """

    peak_inference: int
    peak_training: int
    saved_maps: int | None
    saved_inputs: int | None
    saved_parameters: int | None
    forward: Elementwise | None
    backward: Elementwise | None
    gpu_kernels: int | None


def tally(work: Work, settings: Settings) -> Tally:
    """Counts of one work; it is run three times."""
    rig = Rig(settings, compiled=work.compiled)
    rig.train(work)  # the gradients are there, and what is compiled is compiled
    rig.infer(work)
    peak_training = peak(lambda: rig.train(work), settings.device)
    peak_inference = peak(lambda: rig.infer(work), settings.device)
    kept = None if work.compiled else _saved(rig, work)
    forward, backward = (None, None) if work.compiled else passes(work)
    return Tally(
        peak_inference=peak_inference,
        peak_training=peak_training,
        saved_maps=kept.maps if kept else None,
        saved_inputs=kept.inputs if kept else None,
        saved_parameters=kept.parameters if kept else None,
        forward=forward,
        backward=backward,
        gpu_kernels=_gpu_kernels(lambda: rig.train(work), settings.device),
    )


def _saved(rig: Rig, work: Work) -> Saved:
    module = work.module
    owned = [*module.parameters(), *module.buffers()]
    return saved(lambda: rig.forward(work), [rig.state], owned)


def passes(work: Work) -> tuple[Elementwise, Elementwise]:
    """Forward and backward, with probes for sub-nets and on small maps: they do not matter."""
    shape = (2, 3, 4, 4)
    state = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    above = torch.randn(shape, dtype=torch.float64)
    probes: list[nn.Module] = [Flip()] * work.evaluations
    module = work.make(probes).double()
    result: list[Tensor] = []
    forward = _counted(lambda: result.append(module(state)), state.nbytes)
    backward = _counted(lambda: torch.autograd.backward(result, [above]), state.nbytes)
    return Elementwise(**asdict(forward)), Elementwise(**asdict(backward))


def _counted(call: Callable[[], object], map_bytes: int) -> Counts:
    operations = Operations(map_bytes, {FLIP})
    with operations:
        call()
    return operations.counts


def _gpu_kernels(call: Callable[[], object], device: str) -> int | None:
    if not device.startswith("cuda"):
        return None
    with profile(activities=[ProfilerActivity.CUDA]) as profiled:
        call()
        torch.cuda.synchronize()
    kernels = [e for e in profiled.events() or () if e.device_type == DeviceType.CUDA]
    return len(kernels)
