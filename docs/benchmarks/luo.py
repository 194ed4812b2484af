"""Time per epoch and memory of Luo et al.'s networks, scheme by scheme, trained on glyphs.

Each scheme is trained by the shipped recipe at 58 layers, on glyphs instead of CIFAR-10 and in
bfloat16, for a few epochs; schemes take turns, so that what drifts on the machine meets them
alike. The first epoch of a run is not counted. Memory is the most that was allocated on the GPU.

    .venv/bin/python docs/benchmarks/luo.py -o luo.json [--compile]

Without a GPU `--small` shows that it runs and nothing more.
"""

import argparse
import json
import platform
import statistics
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

from butcher.training.recipe import read_recipe
from butcher.training.run import run
from butcher.training.stored import stored

RECIPES = {
    "Euler": "luo_cifar10_euler",
    "midpoint": "luo_cifar10_midpoint",
    "RK4": "luo_cifar10_rk4",
    "Verner 8(9)": "luo_cifar10_verner",
    "Verner 8(9), learned h": "luo_cifar10_verner_learned",
    "Verner 8(9), h per stage": "luo_cifar10_verner_per_stage",
}
GLYPHS = ["data.name=glyphs", "data.augment=crop", "data.validation=0.1", "train.test=false"]
SMALL = ["model.width=2", "data.images=100", "data.batch=50", "train.precision=fp32"]


def trained(name: str, settings: list[str]) -> dict[str, Any]:
    """Seconds of every epoch but the first, the peak in bytes, and what the network learned."""
    is_gpu = torch.cuda.is_available()
    with tempfile.TemporaryDirectory() as folder:
        recipe = read_recipe(Path(name), [*settings, f"train.out={folder}/run"])
        if is_gpu:
            torch.cuda.reset_peak_memory_stats()
        outcome = run(recipe, quiet=True)
        made = stored(Path(folder) / "run")
        peak = torch.cuda.max_memory_allocated() if is_gpu else None
    ends = [epoch.seconds for epoch in made.epochs]
    return {
        "outcome": outcome.kind,
        "seconds": [after - before for before, after in pairwise(ends)],
        "peak": peak,
        "parameters": (made.summary or {}).get("parameters"),
        "validation": [epoch.validation_accuracy for epoch in made.epochs],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--small", action="store_true")
    chosen = parser.parse_args()
    settings = [*GLYPHS, f"data.images={chosen.images}", f"train.epochs={chosen.epochs}"]
    settings += ["train.precision=bf16", "train.schedule=constant", "train.milestones=[]"]
    settings += [f"train.compile={str(chosen.compile).lower()}", *(SMALL if chosen.small else [])]
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in RECIPES}
    for seed in range(chosen.rounds):
        for name, recipe in RECIPES.items():
            runs[name].append(trained(recipe, [*settings, f"train.seed={seed}"]))
            print(seed, name, runs[name][-1]["seconds"], flush=True)
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else platform.machine()
    record = {
        "machine": {"device": device, "torch": torch.__version__},
        "settings": settings,
        "runs": runs,
    }
    if chosen.output:
        chosen.output.write_text(json.dumps(record, indent=1) + "\n")
    print(table(runs))


def table(runs: dict[str, list[dict[str, Any]]]) -> str:
    """A line a scheme: medians over epochs and rounds, beside Euler's."""
    times = {
        name: statistics.median(s for made in each for s in made["seconds"])
        for name, each in runs.items()
    }
    lines = ["| scheme | s an epoch | / Euler | peak, MiB | / Euler |", "| --- " * 5 + "|"]
    first = next(iter(runs))
    for name, each in runs.items():
        peak, reference = each[0]["peak"], runs[first][0]["peak"]
        memory = f"{peak / 2**20:.0f} | {peak / reference:.3f}" if peak else "- | -"
        lines.append(
            f"| {name} | {times[name]:.2f} | {times[name] / times[first]:.3f} | {memory} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
