"""Rounding errors of blocks in half precision, by where their rows are summed up.

    python docs/benchmarks/half.py [--seeds 8] > docs/benchmarks/half.json

Each block runs in a half precision and, with the same weights and the same input, in double. The
error is that of the result, relative, in the root mean square. `none`: all sums in half; `rows`:
those of stage arguments whose factors add up to more than 4 in single; `new`: new values in single,
as blocks are emitted; `all`: every sum in single.
"""

import argparse
import copy
import json
import platform
import re
import statistics
import sys
from datetime import UTC, datetime
from importlib.metadata import version

import torch
from torch import Tensor, nn

import butcher
from butcher.analysis.network.amplification import amplification
from butcher.bench.settings import sub_net
from butcher.block import live_class
from butcher.compiler import block_graph

METHODS = ("rk4", "dopri54", "verner87", "verner89", "dop853")
LARGE = 4.0
HELPER = "\n\ndef wide(u):\n    return u.to(torch.promote_types(u.dtype, torch.float32))\n"


def smooth(channels: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, padding=1),
        nn.Tanh(),
        nn.Conv2d(channels, channels, 3, padding=1),
    )


SUB_NETS = {"conv-BN-ReLU-conv-BN": sub_net, "conv-tanh-conv": smooth}


def forms(method: str) -> dict[str, str]:
    """The emitted text, and what differs from it in the precision of sums alone."""
    new = butcher.compile(method)
    none = re.sub(r"wide\((\w+)\),", r"\1,", new)
    rows = amplification(block_graph(method)).rows
    large = {row.key for row in rows if row.amplification > LARGE and row.kind == "stage"}
    assert "= torch.add(wide(" in new
    every = {row.key for row in rows if row.kind == "stage"}
    return {"none": none, "rows": widened(none, large), "new": new, "all": widened(new, every)}


def widened(source: str, rows: set[str]) -> str:
    for row in rows:
        source = re.sub(rf" {row} = torch.add\((\w+),", rf" {row} = torch.add(wide(\1),", source)
        source = re.sub(rf"(self\.f\[\d+\]\(){row}\)", rf"\1{row}.to(u.dtype))", source)
    return source if "def wide" in source else source + HELPER


def error(method: type[nn.Module], nets: list[nn.Module], u: Tensor) -> float:
    exact = method(copy.deepcopy(nets)).double()(u.double())
    found = method(copy.deepcopy(nets)).to(u.dtype)(u)
    return float((found.double() - exact).norm() / exact.norm())


def measured(name: str, kind: str, dtype: torch.dtype, seeds: int) -> dict[str, list[float]]:
    classes = {form: live_class(source) for form, source in forms(name).items()}
    found: dict[str, list[float]] = {form: [] for form in classes}
    for seed in range(seeds):
        torch.manual_seed(seed)
        nets = [SUB_NETS[kind](16) for _ in range(classes["new"].nfe)]
        u = torch.randn(4, 16, 8, 8).to(dtype)
        for form, made in classes.items():
            with torch.no_grad():
                found[form].append(error(made, nets, u))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=8)
    seeds = parser.parse_args().seeds
    runs = []
    for kind in SUB_NETS:
        for name in METHODS:
            for dtype in (torch.bfloat16, torch.float16):
                errors = measured(name, kind, dtype, seeds)
                run = {"sub_net": kind, "method": name, "dtype": str(dtype)[6:]}
                runs.append({**run, "errors": errors})
                means = {form: f"{statistics.mean(e):.5f}" for form, e in errors.items()}
                print(*run.values(), means, file=sys.stderr)
    machine = {"processor": platform.processor() or platform.machine()}
    versions = {name: version(name) for name in ("torch", "butcher-torch")}
    when = datetime.now(UTC).date().isoformat()
    print(json.dumps({"date": when, "versions": versions, **machine, "runs": runs}, indent=1))


if __name__ == "__main__":
    main()
