"""Memory and time of networks that store less: what each lever saves, and what it costs.

    MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=2147483647 \\
        .venv/bin/python docs/benchmarks/memory.py --rounds 7 -o docs/benchmarks/memory.json \\
        networks resnet20
    MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=2147483647 \\
        .venv/bin/python docs/benchmarks/memory.py --rounds 28 \\
        -o docs/benchmarks/memory_blocks.json blocks

Peaks are counted allocation by allocation, in feature maps, without gradients of parameters. Times
are processor seconds of one thread, which other work on the machine lengthens far less than those
of the clock; every round goes through all levers, and ratios are those of a round. Each ratio is
the median with its 95 % bootstrap interval. All samples go to the JSON file, the tables to the
terminal.
"""

import argparse
import gc
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import butcher
from butcher.bench.interval import paired_ratio
from butcher.bench.machine import machine
from butcher.bench.settings import sub_net
from butcher.counting.memory import peak
from butcher.models import Checkpointed, Tiled, build
from butcher.models.reversible import Reversible

SIDE, BATCH = 32, 8
WIDTH, GOAL_WIDTH = 16, 64  # of the networks; of the single blocks
SCHEMES: dict[str, dict[str, float]] = {
    "euler": {},
    "rk4": {},
    "verner89": {},
    "revnet": {},
    "lm_resnet": {"k": -0.5},
}
TRAINING: dict[str, Callable[..., nn.Sequential]] = {
    "none": nn.Sequential,
    "stage": lambda *blocks: Checkpointed(*blocks, of="stage"),
    "block": lambda *blocks: Checkpointed(*blocks, of="block"),
    "reversible": Reversible,
}
EVALUATION: dict[str, Callable[..., nn.Sequential]] = {
    "none": nn.Sequential,
    **{f"tile {n}": lambda *blocks, n=n: Tiled(*blocks, n=n) for n in (1, 2, 4)},
}


def made(scheme: str, depth: int, width: int) -> list[nn.Module]:
    torch.manual_seed(0)
    values = SCHEMES[scheme]
    return [butcher.make_block(scheme, lambda: sub_net(width), **values) for _ in range(depth)]


def state_of(block: Any, width: int, batch: int = BATCH) -> Any:
    states = [torch.randn(batch, width, SIDE, SIDE) for _ in block.states]
    return tuple(states) if len(states) > 1 else states[0]


def training(network: nn.Sequential, state: Any) -> Callable[[], None]:
    """A step from a state that asks for its gradient, as in the middle of a network."""
    first = state if isinstance(state, Tensor) else state[0]
    first.requires_grad_()
    above = torch.randn_like(first)

    def step() -> None:
        result = network.train()(state)
        results = (result,) if isinstance(result, Tensor) else result
        torch.autograd.backward(results, [above] * len(results))

    return step


def evaluation(network: nn.Sequential, state: Any) -> Callable[[], None]:
    def step() -> None:
        with torch.inference_mode():
            network.eval()(state)

    return step


def measured(
    steps: dict[str, Callable[[], None]], width: int, rounds: int, batch: int = BATCH
) -> dict[str, Any]:
    """Peak in maps and seconds of each step; the first one's seconds are those of reference."""
    map_bytes = 4 * batch * width * SIDE * SIDE
    for step in steps.values():
        step()  # gradients of parameters are there
    peaks = {name: peak(step) / map_bytes for name, step in steps.items()}
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    gc.collect()
    gc.disable()
    for _ in range(rounds):
        for name, step in steps.items():
            start = time.process_time()
            step()
            seconds[name].append(time.process_time() - start)
    gc.enable()
    return {name: {"peak": peaks[name], "seconds": seconds[name]} for name in steps}


def networks(rounds: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for depth in (4, 16):
        for scheme in SCHEMES:
            blocks = made(scheme, depth, WIDTH)
            state = state_of(blocks[0], WIDTH)
            kinds = {k: of for k, of in TRAINING.items() if k != "reversible" or inverts(blocks)}
            found[f"{scheme} x {depth}, training"] = measured(
                {kind: training(of(*blocks), state) for kind, of in kinds.items()}, WIDTH, rounds
            )
            state = state_of(blocks[0], WIDTH)
            found[f"{scheme} x {depth}, evaluation"] = measured(
                {kind: evaluation(of(*blocks), state) for kind, of in EVALUATION.items()},
                WIDTH,
                rounds,
            )
    return found


def inverts(blocks: list[nn.Module]) -> bool:
    return hasattr(blocks[0], "inverse")


def fourteen_evaluations(rounds: int) -> dict[str, Any]:
    """A block of Verner, and as many Euler blocks, in one run."""
    found = {}
    euler, verner = made("euler", 14, GOAL_WIDTH), made("verner89", 1, GOAL_WIDTH)
    for batch in (8, 32):
        state = state_of(euler[0], GOAL_WIDTH, batch)
        steps = {"none": evaluation(nn.Sequential(*verner), state)}
        for n in (batch // 8, batch // 4, batch // 2):
            steps[f"tile {n}"] = evaluation(Tiled(*verner, n=n), state)
        steps["euler"] = evaluation(nn.Sequential(*euler), state)
        name = f"verner89, evaluation of {batch}"
        found[name] = measured(steps, GOAL_WIDTH, rounds * 8 // batch, batch)
    state = state_of(euler[0], GOAL_WIDTH)
    kinds = ("none", "stage", "block")
    steps = {kind: training(TRAINING[kind](*verner), state) for kind in kinds}
    steps["euler"] = training(nn.Sequential(*euler), state)
    found["verner89, training on 8"] = measured(steps, GOAL_WIDTH, rounds // 4)
    return found


def resnet20(rounds: int) -> dict[str, Any]:
    """Where tiles begin and end: the network, its stages together, each stage. 64 images."""
    network = build({"family": "resnet", "depth": 20}, in_channels=3, classes=10).eval()
    images = torch.randn(64, 3, SIDE, SIDE)
    together = Tiled(*network.stages, n=8).eval()
    each = nn.Sequential(*(Tiled(*stage, n=8) for stage in network.stages.children())).eval()

    def evaluated(stages: nn.Module | None) -> None:
        with torch.inference_mode():
            if stages is None:
                network(images)
            else:
                network.head(network.value(stages(network.begin(images))))

    def tiled() -> None:
        network.tile = 8
        evaluated(None)
        network.tile = None

    steps = {
        "none": partial(evaluated, None),
        "tile 8, stem and stages": tiled,
        "tile 8, all stages": partial(evaluated, together),
        "tile 8, each stage": partial(evaluated, each),
    }
    maps = len(images) // BATCH
    found = measured(steps, WIDTH, rounds)
    return {
        "resnet20, 64 images": {
            name: {**numbers, "peak": numbers["peak"] / maps} for name, numbers in found.items()
        }
    }


PARTS = {"blocks": fourteen_evaluations, "resnet20": resnet20, "networks": networks}


def show(found: dict[str, Any]) -> None:
    """Peaks and times: of what stands alone, of networks in training, of networks in evaluation."""
    networks = [name for name in found if " x " in name]
    print("| what | lever | peak in maps | time |\n| --- | --- | --- | --- |")
    for what in (name for name in found if name not in networks):
        for kind, cells in cells_of(found[what]).items():
            print(f"| {what} | {kind} | {' | '.join(cells)} |")
    for use, kinds in (("training", TRAINING), ("evaluation", EVALUATION)) if networks else ():
        print(f"\n| {use} | {' | '.join(kinds)} |\n| --- |{' --- |' * len(kinds)}")
        for what in networks:
            if what.endswith(use):
                cells = cells_of(found[what])
                texts = (": ".join(cells.get(kind, ())) for kind in kinds)
                print(f"| {what.partition(',')[0]} | {' | '.join(texts)} |")


def cells_of(kinds: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Peak and time of each lever, as text."""
    reference = next(iter(kinds.values()))["seconds"]
    found = {}
    for kind, numbers in kinds.items():
        ratio = paired_ratio(numbers["seconds"], reference)
        ratios = f"{ratio.middle:.2f} ({ratio.low:.2f} to {ratio.high:.2f})"
        first = numbers["seconds"] is reference
        found[kind] = (f"{numbers['peak']:.1f}", "1" if first else ratios)
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("parts", nargs="*", choices=list(PARTS), default=list(PARTS))
    asked = parser.parse_args()
    torch.set_num_threads(1)
    found = {
        name: numbers for part in asked.parts for name, numbers in PARTS[part](asked.rounds).items()
    }
    show(found)
    if asked.output:
        record = {"machine": machine("cpu").model_dump(), "found": found}
        asked.output.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
