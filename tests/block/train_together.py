"""Run by torchrun: one training step of each named block on two processes."""

import sys
import warnings

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from butcher.block import make_block
from butcher.training.place import leave


class Step(nn.Module):
    """A block with what stands before it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.block = make_block(name, lambda: nn.Conv2d(3, 3, 1))

    def forward(self, u: Tensor) -> Tensor:
        result = self.block(self.block.start(u) if len(self.block.states) > 1 else u)
        return result if isinstance(result, Tensor) else torch.stack(result)


def train(name: str, rank: int) -> None:
    torch.manual_seed(rank)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch's own, about its C++ stack
        net = DistributedDataParallel(Step(name))
    torch.manual_seed(rank)
    net(torch.randn(4, 3, 8, 8)).square().sum().backward()
    flat = torch.cat([p.grad.flatten() for p in net.parameters() if p.grad is not None])
    both = [torch.empty_like(flat) for _ in range(2)]
    torch.distributed.all_gather(both, flat)
    assert torch.equal(*both), name
    print(name, "agree", flush=True)


def main() -> None:
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo")
    for name in sys.argv[1:]:
        train(name, torch.distributed.get_rank())
    # Neither ends, and takes its connections with it, while the other still works.
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


main()
leave()
