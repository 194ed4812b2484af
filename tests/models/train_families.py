"""Run by torchrun: every family on two processes, replicated and sharded, against one alone."""

import copy
import warnings

import torch
from models.families import FAMILIES, data, small
from torch import Tensor, nn
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

from butcher.models import Network
from butcher.training.place import leave

STEPS = 2
NUMBER = 4  # samples a process


def trained(network: nn.Module, x: Tensor) -> list[float]:
    """The losses of some steps."""
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    losses = []
    for _ in range(STEPS):
        loss = network(x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def alone(network: Network, parts: list[Tensor]) -> list[float]:
    """The mean losses of one process that does the work of all."""
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    losses = []
    for _ in range(STEPS):
        loss = torch.stack([network(x).square().mean() for x in parts]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def mean(losses: list[float]) -> Tensor:
    total = torch.tensor(losses)
    torch.distributed.all_reduce(total)
    return total / torch.distributed.get_world_size()


def replicated(network: Network) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch's own, about its C++ stack
        return DistributedDataParallel(network)


def sharded(network: Network) -> nn.Module:
    """Every block on its own, and what is left."""
    for block in network.blocks:
        fully_shard(block)
    return fully_shard(network)


def compare(family: str, rank: int) -> None:
    """Two processes do what one does, as long as it has the same statistics and draws nothing."""
    torch.manual_seed(0)
    network = small(family)
    parts = [data(family, NUMBER) for _ in range(2)]
    network.train()(torch.cat(parts))
    wanted = torch.tensor(alone(copy.deepcopy(network).eval(), parts))
    in_training = []
    for spread in (replicated, sharded):
        found = mean(trained(spread(copy.deepcopy(network).eval()), parts[rank]))
        torch.testing.assert_close(found, wanted)
        torch.manual_seed(rank)  # statistics of the batch, and draws, are each process's own
        in_training.append(mean(trained(spread(copy.deepcopy(network).train()), parts[rank])))
    torch.testing.assert_close(*in_training)


def main() -> None:
    warnings.simplefilter("error")
    # No block changes a state in place, which is what this one warns of.
    warnings.filterwarnings("ignore", message="FSDP2-wrapped module .* returned a view")
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    torch.distributed.init_process_group("gloo")
    for family in FAMILIES:
        compare(family, torch.distributed.get_rank())
        print(f"<{family}>", flush=True)
    # Neither ends, and takes its connections with it, while the other still works.
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


main()
leave()
