"""How long `butcher compile` takes beside `import torch`, and a schedule of 35 stages."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence

from butcher.bench.dense import dense
from butcher.compiler import parse
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
    graph = lower(parse(dense(STAGES)))
    found = [(_process(COMPILE), _process("import torch"), 0.0) for _ in range(rounds + 1)][1:]
    times = []
    for compile_, import_, _ in found:
        start = time.process_time()
        schedule(graph)
        times.append((compile_, import_, time.process_time() - start))
    compile_s, import_s, schedule_s = zip(*times, strict=True)
    return StartUp(compile=compile_s, import_torch=import_s, schedule=schedule_s)


def _process(code: str) -> float:
    command: Sequence[str] = [sys.executable, "-c", code]
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start
