"""How long `butcher compile` takes beside `import torch`, and a schedule of 35 stages."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence

from butcher.bench.dense import dense
from butcher.compiler import parse
from butcher.ir.graph import Graph
from butcher.ir.lower import lower
from butcher.passes.schedule import schedule
from butcher.spec.model import Model

STAGES = 35
COMPILE = "import sys; from butcher.cli import main; sys.argv[1:] = ['compile', 'verner89']; main()"


class StartUp(Model):
    """Seconds that go by, one a round, in processes of their own: `butcher compile verner89` and
    `import torch`; and the schedule of 35 dense stages, in this process and of its own time."""

    compile: tuple[float, ...]
    import_torch: tuple[float, ...]
    schedule: tuple[float, ...]


def start_up(rounds: int) -> StartUp:
    """In turns, after one of each that is not counted."""
    scheme = parse(dense(STAGES))
    found = [
        (_process(COMPILE), _process("import torch"), _scheduled(lower(scheme)))
        for _ in range(rounds + 1)
    ]
    compiled, imported, scheduled = zip(*found[1:], strict=True)
    return StartUp(compile=compiled, import_torch=imported, schedule=scheduled)


def _scheduled(graph: Graph) -> float:
    """Of a graph that nothing was computed of before."""
    start = time.process_time()
    schedule(graph)
    return time.process_time() - start


def _process(code: str) -> float:
    command: Sequence[str] = [sys.executable, "-c", code]
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start
