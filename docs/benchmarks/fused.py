"""Verner's 8(9) and as many Euler blocks, as emitted in the plain form and in the fused one.

For every form and way of running (eager, compiled, as a CUDA graph): seconds of a forward and of a
training step, in rounds that visit all of them by turns, and the peak of memory; for eager ones the
kernels that were launched. The floor is the sub-nets alone, one behind the other. On a CUDA device
    .venv/bin/python docs/benchmarks/fused.py -o fused.json
and anywhere, to see that it runs, on maps of a few numbers and not for its figures,
    .venv/bin/python docs/benchmarks/fused.py --smoke
"""

import argparse
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

import butcher
from butcher.bench.settings import sub_net
from butcher.compiler import load
from butcher.counting.memory import peak

Step = Callable[[], object]

BOUNDED = load("verner89").source.text.replace(
    "order 8(9)\n", "order 8(9)\n  learn h = 1 in [1/2, 2]\n"
)
"""A trained step that is never near 0: no evaluation is kept for its gradient."""


def networks(width: int) -> dict[str, Callable[[], nn.Module]]:
    """name -> what builds it; all hold 14 sub-nets."""
    f = partial(sub_net, width)

    def block(scheme: str, form: str, step: str | None = None) -> Callable[[], nn.Module]:
        return lambda: butcher.make_block(scheme, f, step=step, form=form)

    def eulers(form: str) -> Callable[[], nn.Module]:
        return lambda: nn.Sequential(*(block("euler", form)() for _ in range(14)))

    return {
        "sub-nets alone": lambda: nn.Sequential(*(f() for _ in range(14))),
        "euler x 14, plain": eulers("plain"),
        "euler x 14, fused": eulers("fused"),
        "verner89, plain": block("verner89", "plain"),
        "verner89, fused": block("verner89", "fused"),
        "verner89, plain, learned h": block("verner89", "plain", "learned"),
        "verner89, fused, learned h": block("verner89", "fused", "learned"),
        "verner89, plain, recovered h": block(BOUNDED, "plain"),
        "verner89, fused, recovered h": block(BOUNDED, "fused"),
    }


# ---------------------------------------------------------------- one step, ready to run


class Runner:
    """A network with its input; `forward` without gradients and `train` run one step of it."""

    def __init__(self, network: nn.Module, shape: tuple[int, ...], options: argparse.Namespace):
        kind = torch.bfloat16 if options.precision == "bfloat16" else torch.float32
        place = {"device": options.device, "dtype": kind, "memory_format": torch.channels_last}
        self.network = network.to(**place)
        self.x = torch.randn(shape).to(**place).requires_grad_()
        self.g = torch.ones_like(self.x)
        self.autocast = torch.autocast(
            options.device, torch.bfloat16, enabled=options.precision == "autocast"
        )

    def forward(self) -> Tensor:
        with torch.no_grad(), self.autocast:
            return self.network(self.x)

    def train(self) -> None:
        self.network.zero_grad(set_to_none=True)
        self.x.grad = None
        with self.autocast:
            y = self.network(self.x)
        y.backward(self.g)


def steps(runner: Runner, way: str) -> dict[str, Step]:
    """forward and train, run in a way; compiled ones are compiled at their first call."""
    if way == "compiled":
        runner.network.compile(fullgraph=True)
    found: dict[str, Step] = {"forward": runner.forward, "train": runner.train}
    if way == "graph":
        return {name: captured(step) for name, step in found.items()}
    return found


def captured(step: Step) -> Step:
    """The step as a CUDA graph."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


# ---------------------------------------------------------------- what is measured


def wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def seconds(step: Step, device: str) -> float:
    wait(device)
    start = time.perf_counter()
    step()
    wait(device)
    return time.perf_counter() - start


def kernels(step: Step) -> int:
    """How many kernels the step launches."""
    activities = [torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=activities) as profiled:
        step()
        torch.cuda.synchronize()
    kinds = [e.device_type for e in profiled.events() or ()]
    return sum(kind == torch.autograd.DeviceType.CUDA for kind in kinds)


def measure(options: argparse.Namespace) -> Iterator[dict[str, object]]:
    """A record for each network and step of one way after the other."""
    shape = (options.batch, options.width, options.side, options.side)
    for way in options.ways:
        ready = {}
        for name, build in networks(options.width).items():
            torch.manual_seed(0)
            for kind, step in steps(Runner(build(), shape, options), way).items():
                for _ in range(options.warm):
                    step()
                ready[name, kind] = step
        taken: dict[tuple[str, str], list[float]] = {key: [] for key in ready}
        for _ in range(options.rounds):
            for key, step in ready.items():
                taken[key].append(seconds(step, options.device))
        for (name, kind), step in ready.items():
            record: dict[str, object] = {"network": name, "way": way, "step": kind}
            record["seconds"] = taken[name, kind]
            record["median"] = statistics.median(taken[name, kind])
            if options.device == "cuda" and way != "graph":
                record["peak bytes"] = peak(step, "cuda")
            if options.device == "cuda" and way == "eager":
                record["kernels"] = kernels(step)
            yield record


def surroundings(options: argparse.Namespace) -> dict[str, object]:
    is_cuda = options.device == "cuda"
    return {
        "torch": torch.__version__,
        "python": platform.python_version(),
        "device": torch.cuda.get_device_name() if is_cuda else platform.processor(),
        **{name: value for name, value in vars(options).items() if name != "output"},
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="small, eager, on the CPU")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--warm", type=int, default=5, help="steps before the first round")
    parser.add_argument("--ways", nargs="+", default=["eager", "compiled", "graph"])
    precisions = ["bfloat16", "autocast", "float32"]
    parser.add_argument("--precision", choices=precisions, default="bfloat16")
    parser.add_argument("-o", "--output", type=Path, help="a file for the JSON; else it is printed")
    options = parser.parse_args()
    options.device = "cpu" if options.smoke else "cuda"
    if options.smoke:
        options.batch, options.width, options.side = 1, 2, 4
        options.rounds, options.warm, options.ways = 1, 1, ["eager"]
        options.precision = "float32"
    elif not torch.cuda.is_available():
        sys.exit("There is no CUDA device. With --smoke it runs on the CPU, to see that it runs.")
    return options


def main() -> None:
    options = arguments()
    records = []
    for record in measure(options):
        records.append(record)
        line = (
            f"{record['way']:9} {record['step']:8} {record['network']:38} {record['median']:.6f} s"
        )
        print(line, file=sys.stderr)
    text = json.dumps({**surroundings(options), "measured": records}, indent=1)
    if options.output:
        options.output.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
