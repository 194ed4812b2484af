"""Several processes of which each keeps a part of the weights: FSDP2.

Apart from `several`, as these imports take seconds.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from torch import Tensor, nn, optim
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from butcher.models import Network
from butcher.training.several import Together


class Sharded(Together):
    """Every process has a part of each weight, of its gradient and of what the optimizer keeps.

    The weights of a block are brought together while it is computed. A checkpoint is the same as
    that of one process.
    """

    parallel = "fsdp"

    def wrap(self, network: Network) -> nn.Module:
        # No block changes a state in place, which is what this warns of.
        warnings.filterwarnings("ignore", message="FSDP2-wrapped module .* returned a view")
        for block in network.blocks[1:]:  # `start` of the first is called from outside
            fully_shard(block)
        fully_shard(network)
        return network

    def part(self, module: nn.Module, *, last: bool) -> AbstractContextManager[None]:
        assert isinstance(module, FSDPModule)
        module.set_requires_gradient_sync(last)
        return nullcontext()

    def local(self, tensor: Tensor) -> Tensor:
        return tensor.to_local() if isinstance(tensor, DTensor) else tensor

    def whole(self, state: Any) -> Any:
        if isinstance(state, DTensor):
            return state.full_tensor()
        if isinstance(state, Mapping):
            return {key: self.whole(inner) for key, inner in state.items()}
        if isinstance(state, list):
            return [self.whole(inner) for inner in state]
        return state

    def load(self, network: Network, optimizer: optim.Optimizer, state: dict[str, Any]) -> None:
        own = network.state_dict()
        network.load_state_dict({name: _part(own[name], t) for name, t in state["model"].items()})
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        kept = {
            index: {key: _part(parameters[index], value) for key, value in of_one.items()}
            for index, of_one in state["optimizer"]["state"].items()
        }
        optimizer.load_state_dict({**state["optimizer"], "state": kept})


def _part(like: Tensor, whole: Any) -> Any:
    """The part of `whole` that this process keeps of `like`; what is not shared out, as it is."""
    if isinstance(like, DTensor) and isinstance(whole, Tensor) and whole.shape == like.shape:
        own = whole.to(like.device)
        return distribute_tensor(own, like.device_mesh, like.placements, src_data_rank=None)
    return whole
