"""Rows of Verner's 8(9) gathered in pieces that fit the cache, against `add_` in place, on a CPU.

    python docs/benchmarks/gathered.py [--rounds 9] [--threads 1] > docs/benchmarks/gathered.json

`emitted`: the block as it is emitted. `gathered`: an autograd Function makes each row of all its
terms, piece by piece, and another hands each k to the rows that read it and gathers their
gradients likewise: as few passes over memory as there can be. Times take turns, one of each a
round, beside as many Euler steps with the same sub-nets (64 channels of 32 x 32, batch 8).
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import torch
from torch import Tensor, nn

from butcher import make_block
from butcher.bench.settings import sub_net
from butcher.compiler import block_graph

PIECE = 65536
"""Numbers: a quarter of a megabyte."""


def gathered(maps: Sequence[Tensor], factors: Sequence[float]) -> Tensor:
    """The sum of factor * map; all are contiguous."""
    total = torch.empty_like(maps[0])
    whole, parts = total.view(-1), [one.reshape(-1) for one in maps]
    for first in range(0, whole.numel(), PIECE):
        piece = slice(first, first + PIECE)
        torch.mul(parts[0][piece], factors[0], out=whole[piece])
        for part, factor in zip(parts[1:], factors[1:], strict=True):
            whole[piece].add_(part[piece], alpha=factor)
    return total


class Gather(torch.autograd.Function):
    """A row; its gradient goes to every term as it is."""

    @staticmethod
    def forward(ctx: Any, factors: Sequence[float], *maps: Tensor) -> Tensor:
        ctx.count = len(maps)
        return gathered(maps, factors)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:  # type: ignore[override]
        return None, *[g] * ctx.count


class Spread(torch.autograd.Function):
    """A value for each of its readers; its gradient is gathered from theirs."""

    @staticmethod
    def forward(ctx: Any, factors: Sequence[float], k: Tensor) -> tuple[Tensor, ...]:
        ctx.factors = factors
        return tuple(k.view_as(k) for _ in factors)

    @staticmethod
    def backward(ctx: Any, *gs: Tensor) -> Any:
        return None, gathered(gs, ctx.factors)


class GatheredBlock(nn.Module):
    def __init__(self, nets: nn.ModuleList) -> None:
        super().__init__()
        self.f = nets
        graph = block_graph("verner89")
        rows = [graph.row[e.argument] for e in graph.evaluations]
        rows.append(graph.row[graph.outputs[0]])
        number = {e.key: i for i, e in enumerate(graph.evaluations)}
        self.rows = [
            {number[t.source]: float(t.coefficient.start()) for t in r.terms if t.source in number}
            for r in rows
        ]

    def forward(self, u: Tensor) -> Tensor:
        last = len(self.f)
        us = Spread.apply([1.0] * (last + 1), u)
        k: list[dict[int, Tensor]] = []
        for i, row in enumerate(self.rows):
            terms = [k[j][i] for j in row]
            y = Gather.apply([1.0, *row.values()], us[i], *terms) if row else us[i]
            if i == last:
                return y
            readers = [n for n, other in enumerate(self.rows) if i in other]
            shared = Spread.apply([self.rows[n][i] for n in readers], self.f[i](y))
            k.append(dict(zip(readers, shared, strict=True)))
        raise AssertionError("the last row is the result")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    nets = nn.ModuleList(sub_net(64) for _ in range(14))
    forms = {
        "euler": nn.Sequential(*(make_block("euler", net, h=1 / 14) for net in nets)),
        "emitted": make_block("verner89", nets),
        "gathered": GatheredBlock(nets),
    }
    u = torch.randn(8, 64, 32, 32, requires_grad=True)
    forward: dict[str, list[float]] = {name: [] for name in forms}
    both: dict[str, list[float]] = {name: [] for name in forms}
    for _ in range(chosen.rounds + 1):
        for name, form in forms.items():
            start = time.process_time()
            with torch.no_grad():
                form(u)
            forward[name].append(time.process_time() - start)
            start = time.process_time()
            form(u).sum().backward()
            both[name].append(time.process_time() - start)
    found = {"torch": version("torch"), "cores": os.cpu_count(), "threads": chosen.threads}
    found |= {"inference": forward, "forward and backward": both}
    for kind, times in (("inference", forward), ("forward and backward", both)):
        for name in forms:
            pairs = zip(times[name][1:], times["euler"][1:], strict=True)
            ratio = statistics.median(a / b for a, b in pairs)
            print(f"{kind}, {name}: {ratio:.3f} of Euler's time", file=sys.stderr)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
