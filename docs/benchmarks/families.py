"""One training step of a network of every family in bfloat16, eager and compiled.

On a GPU the shipped networks, 128 images of 32 x 32 (ImageNet's: 64 of 224 x 224), channels_last;
without one they are cut to a few channels and blocks, which shows that they compile and nothing
more. Every time of every step goes to the JSON file, their medians into a table.

    .venv/bin/python docs/benchmarks/families.py -o families.json
"""

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from butcher.models import build, parameters
from butcher.models.shipped import changed, table

# A family: one of its shipped networks, and what makes it small.
NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "resnet": ("resnet56", {}),
    "resnet-imagenet": ("resnet50", {}),
    "preact-resnet": ("preact_resnet110", {}),
    "wide-resnet": ("wide_resnet28_10", {"stem_width": 4}),
    "resnext": ("resnext29_8x64d", {}),
    "ho-resnet": ("ho_resnet58_verner", {"scheme": "rk4"}),
    "lm-resnet": ("lm_resnet56", {}),
    "lm-resnext": ("lm_resnext29_8x64d", {}),
    "revnet": ("revnet110", {"widths": [8, 16]}),
    "second-order": ("second_order", {}),
    "multilevel": ("multilevel_resnet50", {}),
    "stochastic-depth": ("stochastic_depth110", {}),
    "shake-shake": ("shake_shake26_2x32d", {"stem_width": 4}),
    "polynet": ("polynet_poly2", {}),
    "fractalnet": ("fractalnet20", {"blocks": 1}),
    "densenet": ("densenet100_24", {"widths": [4, 4], "growth": 4, "stem_width": 4}),
    "transformer": ("transformer", {"widths": [16], "blocks": 2}),
}
SMALL = {"widths": [4, 8], "blocks": 2}

GPU = torch.cuda.is_available()
STEPS, WARM_UP = (20, 5) if GPU else (3, 2)
DEVICE = torch.device("cuda" if GPU else "cpu")


def prepared(family: str) -> tuple[str, nn.Module, Tensor]:
    """The name of a network, the network, and images."""
    name, cut = NETWORKS[family]
    model = table(name) if GPU else changed(table(name), {**SMALL, **cut})
    number, size = (64, 224) if family == "resnet-imagenet" else (128, 32)
    x = torch.randn(number, 3, size, size) if GPU else torch.randn(4, 3, 32, 32)
    network = build(model, in_channels=3, classes=10)
    layout = torch.channels_last
    return name, network.to(DEVICE, memory_format=layout), x.to(DEVICE, memory_format=layout)


def steps(network: nn.Module, call: Callable[[Tensor], Tensor], x: Tensor) -> Iterator[float]:
    """Milliseconds of one training step after the other."""
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9)
    classes = torch.randint(10, (len(x),), device=DEVICE)
    while True:
        begin = now()
        with torch.autocast(DEVICE.type, dtype=torch.bfloat16):
            loss = nn.functional.cross_entropy(call(x), classes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield 1000 * (now() - begin)
        assert loss.isfinite()


def now() -> float:
    """Seconds, when all that was asked of the device is done."""
    if GPU:
        torch.cuda.synchronize()
    return time.perf_counter()


def measured(network: nn.Module, x: Tensor, *, compiled: bool) -> dict[str, Any]:
    """Times of the first step and of others; the most memory that one took, where it is known."""
    torch.compiler.reset()
    network.train()
    run = steps(network, torch.compile(network) if compiled else network, x)
    first, *_ = (next(run) for _ in range(WARM_UP))
    if GPU:
        torch.cuda.reset_peak_memory_stats()
    times = [next(run) for _ in range(STEPS)]
    memory = torch.cuda.max_memory_allocated() / 2**20 if GPU else None
    return {"first_ms": first, "step_ms": times, "memory_mib": memory}


def row(found: dict[str, Any]) -> str:
    """A line of the table."""
    eager, compiled = (statistics.median(found[k]["step_ms"]) for k in ("eager", "compiled"))
    memory = [found[k]["memory_mib"] for k in ("eager", "compiled")]
    cells = [
        found["family"],
        found["network"] if GPU else f"{found['network']}, cut",
        f"{found['parameters']:,}",
        *(f"{ms:.1f}" for ms in (eager, compiled)),
        f"{eager / compiled:.2f}",
        f"{1000 * found['images'] / compiled:,.0f}",
        *("-" if m is None else f"{m:,.0f}" for m in memory),
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("families", nargs="*", default=list(NETWORKS), metavar="family")
    parser.add_argument("-o", "--output", type=Path, default=Path("families.json"))
    asked = parser.parse_args()
    torch.set_num_threads(1)
    device = torch.cuda.get_device_name() if GPU else f"{platform.machine()} CPU"
    head = ["family", "network", "parameters", "eager ms", "compiled ms", "ratio", "images/s"]
    head += ["eager MiB", "compiled MiB"]
    print(f"torch {version('torch')}, {device}, bfloat16, medians of {STEPS} steps\n")
    print(f"| {' | '.join(head)} |\n|{' --- |' * len(head)}")
    results = []
    for family in asked.families:
        torch.manual_seed(0)
        name, network, x = prepared(family)
        ways = {
            way: measured(network, x, compiled=way == "compiled") for way in ("eager", "compiled")
        }
        found = {"family": family, "network": name, "parameters": parameters(network)}
        results.append({**found, "images": len(x), **ways})
        print(row(results[-1]), flush=True)
        # Written after every network, so that a run that ends early has not been for nothing.
        environment = {"torch": version("torch"), "device": device, "cut": not GPU}
        asked.output.write_text(json.dumps({**environment, "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
