"""Run by torchrun: one training step of a reversible network on two processes."""

import copy
import warnings

import torch
import torch.distributed.nn
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from butcher.block import make_block
from butcher.models.reversible import Reversible
from butcher.training.place import leave


class Centred(nn.Module):
    """What SynchronizedBatchNorm does, on a CPU: statistics of all processes together."""

    def forward(self, u: Tensor) -> Tensor:
        mean = u.mean(dim=(0, 2, 3), keepdim=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return u - torch.distributed.nn.functional.all_reduce(mean) / 2


def sub_net() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 3, 1), Centred(), nn.Tanh(), nn.Conv2d(3, 3, 1))


def gradients(network: nn.Module, rank: int) -> Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch's own, about its C++ stack
        net = DistributedDataParallel(network)
    torch.manual_seed(rank)
    result = net((torch.randn(4, 3, 8, 8), torch.randn(4, 3, 8, 8)))
    torch.stack([y.square().sum() for y in result]).sum().backward()
    return torch.cat([p.grad.flatten() for p in net.parameters() if p.grad is not None])


def main() -> None:
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    torch.distributed.init_process_group("gloo")
    rank = torch.distributed.get_rank()
    torch.manual_seed(0)
    inverting = [make_block("revnet", sub_net) for _ in range(3)]
    network = Reversible(*inverting, make_block("stochastic_lm", sub_net, g=-0.5))
    plain = nn.Sequential(*copy.deepcopy(list(network)))
    found, wanted = gradients(network, rank), gradients(plain, rank)
    both = [torch.empty_like(found) for _ in range(2)]
    torch.distributed.all_gather(both, found)
    assert torch.equal(*both)
    assert float((found - wanted).abs().max()) <= 1e-12 * float(wanted.abs().max())
    print("agree", flush=True)
    # Neither ends, and takes its connections with it, while the other still works.
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


main()
leave()
