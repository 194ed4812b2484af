"""Memory, time and rounding of `Reversible` against storing everything and checkpointing blocks.

Peaks are counted allocation by allocation, in feature maps, without gradients of parameters; times
are medians of interleaved rounds. Run it with the Python of the environment:
`.venv/bin/python docs/benchmarks/reversible.py`.
"""

import copy
import platform
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

import butcher
from butcher.counting.memory import peak as counted
from butcher.models.reversible import Reversible

WIDTH, SIDE, BATCH = 16, 32, 8
MAP = 4 * WIDTH * SIDE * SIDE * BATCH  # bytes
ROUNDS = 9


class Checkpointed(nn.Sequential):
    """Every block's input is stored, and the rest computed again."""

    def forward(self, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        for block in self:
            state = checkpoint(block, state, use_reentrant=False)
        return state


def sub_net() -> nn.Module:
    return nn.Sequential(
        nn.BatchNorm2d(WIDTH),
        nn.ReLU(),
        nn.Conv2d(WIDTH, WIDTH, 3, padding=1, bias=False),
        nn.BatchNorm2d(WIDTH),
        nn.ReLU(),
        nn.Conv2d(WIDTH, WIDTH, 3, padding=1, bias=False),
    )


def blocks(scheme: str, depth: int, **values: float) -> list[nn.Module]:
    torch.manual_seed(0)
    return [butcher.make_block(scheme, sub_net, **values) for _ in range(depth)]


def step_of(network: nn.Module) -> Callable[[], None]:
    """One forward and one backward pass, gradients of the parameters left where they are."""
    x = torch.randn(BATCH, WIDTH, SIDE, SIDE)

    def step() -> None:
        state = (x.requires_grad_(), x)
        sum(y.square().mean() for y in network(state)).backward()

    return step


def peak(network: nn.Module) -> float:
    """The most that is live at once above what is live before, in maps."""
    step = step_of(network)
    step()  # the gradients are there
    return counted(step) / MAP


def seconds(networks: list[nn.Module]) -> list[list[float]]:
    taken: list[list[float]] = [[] for _ in networks]
    steps = [step_of(network) for network in networks]
    for turn in range(ROUNDS + 1):
        for step, times in zip(steps, taken, strict=True):
            start = time.perf_counter()
            step()
            if turn:
                times.append(time.perf_counter() - start)
    return taken


def show_memory() -> None:
    kinds = {"stored": nn.Sequential, "checkpoint": Checkpointed, "Reversible": Reversible}
    for scheme, values in [("revnet", {}), ("second_order", {}), ("lm_resnet", {"k": -0.5})]:
        for depth in (4, 16, 64):
            peaks = [
                f"{name} {peak(of(*blocks(scheme, depth, **values))):7.1f}"
                for name, of in kinds.items()
            ]
            print(f"{scheme:13} {depth:3} blocks, peak in maps: {', '.join(peaks)}")


def show_time() -> None:
    for scheme in ("revnet", "second_order"):
        kinds = [nn.Sequential, Checkpointed, Reversible]
        taken = seconds([of(*blocks(scheme, 16)) for of in kinds])
        plain = statistics.median(taken[0])
        for of, times in zip(kinds, taken, strict=True):
            ratios = sorted(t / plain for t in times)
            print(
                f"{scheme:13} 16 blocks, {of.__name__:12} {statistics.median(times):.3f} s, "
                f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
            )


def show_rounding() -> None:
    """The drift of the states; the gradients' errors against those of double precision."""
    limit, never = 1000.0, float("inf")
    cases = [
        ("revnet", {}, limit),
        ("second_order", {}, limit),
        ("second_order", {"h": 0.1}, limit),
    ]
    cases += [("midpoint_network", {"h": 0.1}, limit)]
    cases += [("lm_resnet", {"k": k}, limit) for k in (-0.9, -0.5, -0.05, 1e-6)]
    cases += [("lm_resnet", {"k": -0.5}, never)]
    for scheme, values, growth in cases:
        made = blocks(scheme, 100, **values)
        x = torch.randn(BATCH, WIDTH, SIDE, SIDE)
        network = Reversible(*made, growth=growth)
        exact = gradient(copy.deepcopy(nn.Sequential(*made)).double(), x.double())
        stored, found = (gradient(net, x).double() for net in (nn.Sequential(*made), network))
        named = ", ".join(f"{name} = {value:g}" for name, value in values.items())
        drift, kept = max(network.drift((x, x))), sum(network.kept())
        print(f"{scheme:16} {named:9} growth {growth:4g}: {kept:3} of 100 inputs stored,", end=" ")
        print(f"drift {drift:.0e}, gradient {distance(found, exact):.1e}", end=" ")
        print(f"(of Sequential {distance(stored, exact):.1e})")


def gradient(network: nn.Module, x: Tensor) -> Tensor:
    """Of a loss at the parameters, all in one vector."""
    total = sum(y.square().mean() for y in network((x, x)))
    found = torch.autograd.grad(total, list(network.parameters()))
    return torch.cat([g.flatten() for g in found])


def distance(found: Tensor, exact: Tensor) -> float:
    return float((found - exact).norm() / exact.norm())


def main() -> None:
    torch.set_num_threads(1)
    print(
        f"Python {platform.python_version()}, torch {torch.__version__.split('+')[0]}, one thread"
    )
    print(f"{WIDTH} channels, {SIDE} x {SIDE}, batch {BATCH}; float32")
    show_memory()
    show_time()
    show_rounding()


if __name__ == "__main__":
    main()
