"""Evaluations that need nothing of each other: ways to run them on a CPU, against one by one.

    .venv/bin/python docs/benchmarks/parallel.py -o docs/benchmarks/parallel.json
    OMP_WAIT_POLICY=passive .venv/bin/python docs/benchmarks/parallel.py \
        --cores -o docs/benchmarks/parallel_cores.json

Times are processor seconds, which other work on the machine lengthens far less than those of the
clock. The first command gives one thread's. The second gives the critical path on two cores: the
seconds of the calling thread and, where others work meanwhile, what the longest of them takes
more. That is what two free cores would need if waking, waiting and the interpreter's lock cost
nothing. (A thread of OpenMP that waits must not spin: hence the policy.) With `--clock` it is
the clock's: for a machine that does nothing else.

Sub-nets are conv-BN-ReLU-conv-BN, 3x3, float32; rounds go through all ways in turn; every sample
goes to the JSON file, ratios of medians into a table.
"""

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.func import functional_call, vmap

SHAPES = [
    (1, 16, 8, 8),
    (8, 16, 8, 8),
    (64, 16, 8, 8),
    (1, 16, 32, 32),
    (8, 16, 32, 32),
    (1, 64, 8, 8),
    (8, 64, 8, 8),
    (1, 64, 32, 32),
    (8, 64, 32, 32),
    (128, 128, 8, 8),  # the last stage of Shake-Shake-26 2x32d in training
]
SAMPLE = 0.004
"""Seconds that a sample takes at least."""

Outputs = Sequence[Tensor]
Way = Callable[[Sequence["Branch"], Sequence[Tensor]], Outputs]


class Branch(nn.Module):
    """conv-BN-ReLU-conv-BN."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)

    def forward(self, u: Tensor) -> Tensor:
        return self.norm2(self.conv2(F.relu(self.norm1(self.conv1(u)))))


# --------------------------------------------------------------------------- one evaluation for all


def in_turn(branches: Sequence[Branch], inputs: Sequence[Tensor]) -> Outputs:
    return [branch(u) for branch, u in zip(branches, inputs, strict=True)]


def stacked(branches: Sequence[Branch]) -> dict[str, Tensor]:
    """`torch.func.stack_module_state`, but gradients reach the parameters of the branches."""
    states = [dict(b.named_parameters()) | dict(b.named_buffers()) for b in branches]
    return {key: torch.stack([state[key] for state in states]) for key in states[0]}


def vmapped(
    branches: Sequence[Branch], inputs: Sequence[Tensor], stored: dict[str, Tensor] | None = None
) -> Outputs:
    """`stored`: with parameters that are kept in this form, which other state dicts do not have."""

    def one(state: dict[str, Tensor], u: Tensor) -> Tensor:
        return functional_call(branches[0], state, (u,))

    found = vmap(one)(stacked(branches) if stored is None else stored, torch.stack(list(inputs)))
    return found.unbind()


def joined(branches: Sequence[Branch]) -> dict[str, Tensor]:
    """Filters and channels of all branches, one behind the other."""
    states = [dict(b.named_parameters()) | dict(b.named_buffers()) for b in branches]
    keys = [key for key, value in states[0].items() if value.dim()]
    return {key: torch.cat([state[key] for state in states]) for key in keys}


def grouped(
    branches: Sequence[Branch],
    inputs: Sequence[Tensor],
    stored: dict[str, Tensor] | None = None,
    *,
    one_input: bool = False,
) -> Outputs:
    """A group of channels for each branch; of `one_input` the first convolution is a wide one."""
    state, count = joined(branches) if stored is None else stored, len(branches)
    if one_input:
        u = F.conv2d(inputs[0], state["conv1.weight"], padding=1)
    else:
        u = F.conv2d(torch.cat(list(inputs), 1), state["conv1.weight"], padding=1, groups=count)
    u = F.relu(_norm(u, state, "norm1", training=branches[0].training))
    u = F.conv2d(u, state["conv2.weight"], padding=1, groups=count)
    return _norm(u, state, "norm2", training=branches[0].training).chunk(count, 1)


def _norm(u: Tensor, state: dict[str, Tensor], key: str, *, training: bool) -> Tensor:
    mean, variance = state[f"{key}.running_mean"], state[f"{key}.running_var"]
    return F.batch_norm(u, mean, variance, state[f"{key}.weight"], state[f"{key}.bias"], training)


def one_after_the_other_with_the_same_weights(
    branches: Sequence[Branch], inputs: Sequence[Tensor]
) -> Outputs:
    return [branches[0](u) for u in inputs]


def batched(branches: Sequence[Branch], inputs: Sequence[Tensor]) -> Outputs:
    """The same weights, inputs along the batch. In training BatchNorm then sees them as one batch:
    another function, whose time is measured all the same."""
    return branches[0](torch.cat(list(inputs))).chunk(len(inputs))


# --------------------------------------------------------------------------- threads

POOL = ThreadPoolExecutor(8, initializer=partial(torch.set_num_threads, 1))


beyond = 0.0
"""Seconds that the others took longer than the calling thread, summed over all `in_threads`."""


def in_threads(jobs: Sequence[Callable[[], Any]]) -> list[Any]:
    """The first in this thread, the others in the pool; each is one thread of its own kernels."""
    global beyond
    before = torch.get_num_threads()
    others = [POOL.submit(timed, job) for job in jobs[1:]]
    torch.set_num_threads(1)
    try:
        first, own = timed(jobs[0])
    finally:
        torch.set_num_threads(before)
    results, seconds = zip(*(other.result() for other in others), strict=True)
    beyond += max(0.0, max(seconds) - own)
    return [first, *results]


def timed(job: Callable[[], Any]) -> tuple[Any, float]:
    """What it returns, and the processor seconds that it took of this thread."""
    start = time.thread_time()
    return job(), time.thread_time() - start


def threads_forward(branches: Sequence[Branch], inputs: Sequence[Tensor]) -> Outputs:
    """The backward pass of a CPU is that of one thread, whatever thread made the graph."""
    grad = torch.is_grad_enabled()

    def one(branch: Branch, u: Tensor) -> Tensor:
        with torch.set_grad_enabled(grad):
            return branch(u)

    return in_threads([partial(one, b, u) for b, u in zip(branches, inputs, strict=True)])


class Threads(torch.autograd.Function):
    """Every branch has a graph of its own, which a thread walks backward."""

    @staticmethod
    def forward(ctx: Any, branches: Sequence[Branch], *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.inputs = [u.detach().requires_grad_() for u in tensors[: len(branches)]]
        ctx.parameters = [list(branch.parameters()) for branch in branches]
        with torch.enable_grad():
            ctx.outputs = threads_forward(branches, ctx.inputs)
        return tuple(y.detach() for y in ctx.outputs)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        each = zip(ctx.outputs, ctx.inputs, ctx.parameters, gradients, strict=True)
        found = in_threads([partial(torch.autograd.grad, y, [u, *p], g) for y, u, p, g in each])
        return (None, *(g[0] for g in found), *(g for gs in found for g in gs[1:]))


def threads_both(branches: Sequence[Branch], inputs: Sequence[Tensor]) -> Outputs:
    if not torch.is_grad_enabled():
        return threads_forward(branches, inputs)
    parameters = [p for branch in branches for p in branch.parameters()]
    return Threads.apply(branches, *inputs, *parameters)


# --------------------------------------------------------------------------- measuring


def ways(branches: Sequence[Branch], *, cores: bool) -> dict[str, tuple[Way, str]]:
    """A way and what it is measured against."""
    if cores:
        return {
            "in turn": (in_turn, "in turn"),
            "grouped": (grouped, "in turn"),
            "threads, forward": (threads_forward, "in turn"),
            "threads, both": (threads_both, "in turn"),
        }
    leaves = [
        {
            key: value.detach().requires_grad_(value.requires_grad)
            for key, value in form(branches).items()
        }
        for form in (stacked, joined)
    ]
    same = one_after_the_other_with_the_same_weights
    return {
        "in turn": (in_turn, "in turn"),
        "vmap": (vmapped, "in turn"),
        "vmap, stored": (partial(vmapped, stored=leaves[0]), "in turn"),
        "grouped": (grouped, "in turn"),
        "grouped, stored": (partial(grouped, stored=leaves[1]), "in turn"),
        "grouped, one input": (partial(grouped, one_input=True), "in turn"),
        "same weights": (same, "same weights"),
        "batched": (batched, "same weights"),
    }


def run(way: Way, branches: Sequence[Branch], inputs: Sequence[Tensor]) -> None:
    """Forward, and backward where the branches are trained."""
    if not branches[0].training:
        with torch.no_grad():
            way(branches, inputs)
        return
    total = sum(y.square().mean() for y in way(branches, inputs))
    assert isinstance(total, Tensor)
    total.backward()


def check(branches: Sequence[Branch], inputs: Sequence[Tensor]) -> None:
    """All ways with different weights give the same numbers, to rounding."""
    for way in (vmapped, grouped, threads_forward, threads_both):
        for found, wanted in zip(way(branches, inputs), in_turn(branches, inputs), strict=True):
            torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


def critical_path() -> float:
    """Processor seconds along it, since some beginning."""
    return time.thread_time() + beyond


class Case:
    """All ways at one shape, in evaluation or in training."""

    def __init__(
        self,
        shape: tuple[int, ...],
        count: int,
        threads: int,
        now: Callable[[], float],
        *,
        training: bool,
        cores: bool,
    ) -> None:
        torch.manual_seed(0)
        torch.set_num_threads(threads)
        self.key = {"shape": shape, "count": count, "threads": threads, "training": training}
        self.threads, self.now = threads, now
        branches = [Branch(shape[1]).train(training) for _ in range(count)]
        inputs = [torch.randn(shape, requires_grad=training) for _ in range(count)]
        check(branches, inputs)
        self.ways = ways(branches, cores=cores)
        self.steps = {
            name: partial(run, way, branches, inputs) for name, (way, _) in self.ways.items()
        }
        self.seconds: dict[str, list[float]] = {name: [] for name in self.steps}
        for step in self.steps.values():
            step()
        start = now()
        self.steps["in turn"]()
        self.repeats = max(1, round(SAMPLE / max(now() - start, 1e-6)))

    def round(self) -> None:
        """One sample of every way."""
        torch.set_num_threads(self.threads)
        for name, step in self.steps.items():
            step()
            start = self.now()
            for _ in range(self.repeats):
                step()
            self.seconds[name].append((self.now() - start) / self.repeats)

    def has(self, rounds: int) -> bool:
        """Of each way so many samples."""
        return min(map(len, self.seconds.values())) >= rounds

    def ratios(self) -> dict[str, float | None]:
        """The median of each way over that of its reference."""
        middle = {k: statistics.median(v) if v else None for k, v in self.seconds.items()}
        found: dict[str, float | None] = {}
        for name, (_, against) in self.ways.items():
            time_of, reference = middle[name], middle[against]
            found[name] = time_of / reference if time_of and reference else None
        return found

    def row(self) -> str:
        first = self.seconds["in turn"]
        milliseconds = f"{1e3 * statistics.median(first):.2f}" if first else "-"
        skipped = {"in turn", "same weights"}
        cells = [
            "-" if ratio is None else f"{ratio:.2f}"
            for name, ratio in self.ratios().items()
            if name not in skipped
        ]
        what = "fwd + bwd" if self.key["training"] else "fwd"
        size = " x ".join(map(str, self.key["shape"]))
        least = min(map(len, self.seconds.values()))
        return f"| {what} | {size} | {milliseconds} | {' | '.join(cells)} | {least} |"


def save(path: Path, cases: Sequence[Case], measured: str) -> None:
    about = {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "measured": measured,
    }
    found = [{**case.key, "seconds": case.seconds} for case in cases]
    path.write_text(json.dumps({**about, "cases": found}, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--cores", action="store_true", help="what threads gain")
    parser.add_argument("--clock", action="store_true", help="by the clock: nothing else may run")
    parser.add_argument("--count", type=int, default=2, help="evaluations on one level")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--minutes", type=float, default=10.0)
    given = parser.parse_args()
    now = time.perf_counter if given.clock else critical_path
    measured = (
        "seconds by the clock" if given.clock else "processor seconds along the critical path"
    )
    end = time.monotonic() + 60 * given.minutes
    cases = [
        Case(shape, given.count, threads, now, training=training, cores=given.cores)
        for threads in ((1, 2) if given.cores else (1,))
        for training in (False, True)
        for shape in SHAPES
    ]
    while time.monotonic() < end and not all(case.has(given.rounds) for case in cases):
        for case in cases:
            if not case.has(given.rounds):
                case.round()
        save(given.output, cases, measured)
    print(f"Python {platform.python_version()}, torch {torch.__version__}, {given.count} at a time")
    for case in cases:
        print(case.key["threads"], case.row(), flush=True)


if __name__ == "__main__":
    main()
