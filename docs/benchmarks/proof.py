"""CPU time of proofs of order in one process, once everything is imported and the file is read.

Run it with the Python of the environment: `.venv/bin/python docs/benchmarks/proof.py`.
"""

import platform
import statistics
import time

from butcher import load
from butcher.analysis.conditions.order import order
from butcher.analysis.conditions.trees import Palette
from butcher.ir.lower import lower

ROUNDS = 15
METHODS = ("rk4", "gauss4", "dopri54", "dop853", "verner87", "verner89", "verner98", "feagin108")


def main() -> None:
    print(f"Python {platform.python_version()}, {ROUNDS} rounds, milliseconds of CPU time")
    print(f"{'method':10} {'order':>6} {'trees':>5}  {'proof':18} {'median':>7} {'least':>6}")
    for name in METHODS:
        graph = lower(load(name))
        times = []
        for _ in range(ROUNDS):
            start = time.process_time()
            found = order(graph)
            times.append(1000 * (time.process_time() - start))
        orders = [found.advanced.order, *(one.order for one in found.estimates)]
        counts = Palette().counts(max(orders))
        trees = sum(count for (count,) in counts)
        claim = f"{orders[0]}({orders[1]})" if len(orders) > 1 else f"{orders[0]}"
        how = "exact" if found.advanced.exact else "to digits printed"
        middle, least = statistics.median(times), min(times)
        print(f"{name:10} {claim:>6} {trees:5}  {how:18} {middle:7.1f} {least:6.1f}")


if __name__ == "__main__":
    main()
