"""CPU time of covers and schedules: Verner's block, and dense tableaus of 35 and 64 stages.

    python docs/benchmarks/schedule.py [--rounds 30] > docs/benchmarks/schedule.json

The methods take turns, one of each a round; every time is of this process alone, in milliseconds,
and of a graph that nothing was computed of before.
"""

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version

from butcher.analysis.network.carried import covers
from butcher.bench.dense import dense
from butcher.compiler import load, parse
from butcher.compiler.sweeps import straightened
from butcher.ir.graph import Graph
from butcher.ir.lower import Step, lower
from butcher.passes.schedule import schedule

TASKS: dict[str, Callable[[Graph], object]] = {"covers": covers, "schedule": schedule}


def graphs() -> dict[str, Callable[[], Graph]]:
    """Each makes one anew."""
    methods = {
        "verner89": load("verner89"),
        "dense 35": parse(dense(35)),
        "dense 64": parse(dense(64)),
    }
    steps: tuple[Step, ...] = ("fixed", "learned")
    return {
        f"{name}, {step}": lambda scheme=scheme, step=step: straightened(lower(scheme, step))
        for name, scheme in methods.items()
        for step in steps
    }


def milliseconds(task: Callable[[Graph], object], graph: Graph) -> float:
    start = time.process_time()
    task(graph)
    return 1000 * (time.process_time() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    made = graphs()
    taken: dict[str, dict[str, list[float]]] = {name: {task: [] for task in TASKS} for name in made}
    for _ in range(rounds):
        for name, make in made.items():
            for task, compute in TASKS.items():
                taken[name][task].append(round(milliseconds(compute, make()), 3))
    medians = {
        name: {task: round(statistics.median(times), 2) for task, times in tasks.items()}
        for name, tasks in taken.items()
    }
    machine = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "butcher": version("butcher-torch"),
    }
    print(json.dumps({"machine": machine, "median_ms": medians, "ms": taken}, indent=1))


if __name__ == "__main__":
    main()
