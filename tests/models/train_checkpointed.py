"""Run by torchrun: checkpointed networks on two processes, against the same that store all."""

import warnings

import torch
from models.families import data, small
from torch import nn
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

from butcher.models import Network
from butcher.training.place import leave


def replicated(network: Network) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch's own, about its C++ stack
        return DistributedDataParallel(network)


def sharded(network: Network) -> nn.Module:
    """Every block on its own, and what is left."""
    for block in network.blocks:
        fully_shard(block)
    return fully_shard(network)


def losses(network: nn.Module, rank: int) -> list[float]:
    """Of two steps."""
    torch.manual_seed(rank)
    x = data("lm-resnet", 4)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    found = []
    for _ in range(2):
        loss = network(x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


def made(checkpoint: str | None) -> Network:
    torch.manual_seed(0)
    network = small("lm-resnet", checkpoint=checkpoint)
    for name, p in network.named_parameters():
        p.requires_grad_(name not in network.facts.dead)
    return network.train()


def main() -> None:
    warnings.simplefilter("error")
    # No block changes a state in place, which is what this one warns of.
    warnings.filterwarnings("ignore", message="FSDP2-wrapped module .* returned a view")
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    torch.distributed.init_process_group("gloo")
    rank = torch.distributed.get_rank()
    for together in (replicated, sharded):
        wanted = losses(together(made(None)), rank)
        for of in ("stage", "block"):
            assert losses(together(made(of)), rank) == wanted
            print("agree", flush=True)
    # Neither ends, and takes its connections with it, while the other still works.
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


main()
leave()
