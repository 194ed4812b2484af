"""The goals, each beside the figure that was measured."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from butcher.bench.interval import Interval, bootstrap, paired_ratio, quartiles
from butcher.bench.record import Record, Result

VERNER, EULER = "verner89", "14 Euler"


@dataclass(frozen=True)
class Finding:
    """figure   what was measured; None if it was not.
    limit    what it must not exceed.
    reached  None where the interval holds the limit, so that the run cannot tell; of no meaning
             without a figure.
    """

    goal: int
    what: str
    figure: str | None
    limit: str
    reached: bool | None

    @property
    def verdict(self) -> str:
        """One word."""
        if self.figure is None:
            return "not measured"
        return {True: "reached", False: "missed", None: "open"}[self.reached]


def findings(record: Record) -> list[Finding]:
    """All goals, in their order."""
    return [
        *_memory(record),
        *_carried(record),
        *_tiles(record),
        *_times(record),
        *_peers(record),
        *_graphs(record),
        *_gpu(record),
        *_start_up(record),
    ]


def _count(goal: int, what: str, value: float | None, limit: float, digits: int = 4) -> Finding:
    """A number that is counted: no interval."""
    figure = None if value is None else f"{value:.{digits}g}"
    return Finding(goal, what, figure, f"{limit:g}", value is not None and value <= limit)


def _time(goal: int, what: str, value: Interval | None, limit: float) -> Finding:
    if value is None:
        return Finding(goal, what, None, f"{limit:g}", None)
    reached = True if value.high <= limit else False if value.low > limit else None
    return Finding(goal, what, str(value), f"{limit:g}", reached)


# --------------------------------------------------------------------------- 1 to 3: memory


def _memory(record: Record) -> Iterator[Finding]:
    what = "training peak, fixed h, against Euler's"
    yield _count(1, what, _peaks(record, VERNER, EULER, "peak_training"), 1.005)
    more = None
    block, euler = record.by_name.get(VERNER), record.by_name.get(EULER)
    if block and euler:
        more = record.maps(_saved(block) - _saved(euler))
    yield _count(1, "saved for backward beyond Euler's, in maps", more, 0)
    what = "training peak, learned bounded h, against Euler's"
    yield _count(1, what, _peaks(record, f"{VERNER} bounded", EULER, "peak_training"), 1.02)


def _carried(record: Record) -> Iterator[Finding]:
    what = "methods that hold more maps than the structural rank"
    found = record.carried
    if found is None:
        yield _count(2, what, None, 0)
        return
    more = [carried.name for carried in found if not carried.is_least]
    figure = f"{len(more)} of {len(found)}" + (f": {', '.join(more[:4])}" if more else "")
    yield Finding(2, what, figure + (", ..." if len(more) > 4 else ""), "0", not more)


def _tiles(record: Record) -> Iterator[Finding]:
    found, peak, ratio = record.tiles, None, None
    tiled = [r for r in found.results if r.kind == "tiled" and r.method == VERNER] if found else []
    if found and tiled:
        peak = _peaks(found, tiled[0].name, EULER, "peak_inference")
        ratio = found.ratio(tiled[0], "euler", "inference")
    yield _count(3, "inference peak in tiles, against Euler's", peak, 1.0)
    yield _time(3, "inference time in tiles, against Euler's", ratio, 1.04)


def _peaks(record: Record, name: str, reference: str, which: str) -> float | None:
    result, other = record.by_name.get(name), record.by_name.get(reference)
    if result is None or other is None:
        return None
    value: float = getattr(result.tally, which) / getattr(other.tally, which)
    return value


def _saved(result: Result) -> int:
    return (result.tally.saved_maps or 0) + (result.tally.saved_inputs or 0)


# --------------------------------------------------------------------------- 4 and 5: time


def _times(record: Record) -> Iterator[Finding]:
    asked = [
        (VERNER, "forward", 1.03),
        (VERNER, "training", 1.03),
        ("rk4", "forward", 1.01),
        ("rk4", "training", 1.01),
        (f"{VERNER} per-stage", "training", 1.05),
        (f"{VERNER}, compiled", "training", 1.03),
        (f"{VERNER}, compiled", "inference", 1.05),
    ]
    for name, mode, limit in asked:
        result = record.by_name.get(name)
        ratio = record.ratio(result, "euler", mode) if result else None
        yield _time(4, f"{name}, {mode} time against Euler's", ratio, limit)


def _peers(record: Record) -> Iterator[Finding]:
    asked = [
        ("rk38 shared", "torchdiffeq rk4", 1 / 4),
        ("dopri54 controlled", "torchdiffeq dopri5", 1 / 20),
        ("dopri54 controlled", "torchode dopri5", 1 / 6),
    ]
    for ours, theirs, limit in asked:
        overhead = _overheads(record, ours, theirs)
        what = f"{ours}, overhead above F against {theirs}"
        yield _time(5, what, overhead, round(limit, 3))
    for which in ("training", "inference"):
        peak = _peaks(record, "dopri54 controlled", "torchode dopri5", f"peak_{which}")
        yield _count(5, f"dopri54 controlled, {which} peak against torchode's", peak, 0.5)


def _overheads(record: Record, ours: str, theirs: str) -> Interval | None:
    """(ours / F - 1) / (theirs / F - 1) of medians, in training, in its bootstrap interval."""
    own, other = record.by_name.get(ours), record.by_name.get(theirs)
    if own is None or other is None:
        return None
    pairs = list(zip(_above(record, own), _above(record, other), strict=True))
    return bootstrap(pairs, _quotient)


def _above(record: Record, result: Result) -> list[float]:
    alone = record.reference(result, "alone").times.training
    return [a / b - 1 for a, b in zip(result.times.training, alone, strict=True)]


def _quotient(pairs: Sequence[tuple[float, float]]) -> float:
    above, below = (statistics.median(each) for each in zip(*pairs, strict=True))
    return above / below if below > 0 else float("inf")


# --------------------------------------------------------------------------- 6 to 8


def _graphs(record: Record) -> Iterator[Finding]:
    found = record.graphs
    whats = ("shipped methods that are not one graph", "shipped methods not exported for any batch")
    if found is None:
        yield from (_count(6, what, None, 0) for what in whats)
        return
    for what, failed in zip(whats, (found.not_one_graph, found.not_exported), strict=True):
        named = f": {', '.join(list(failed)[:4])}" if failed else ""
        yield Finding(6, what, f"{len(failed)} of {found.methods}{named}", "0", not failed)


def _gpu(record: Record) -> Iterator[Finding]:
    result = record.by_name.get(f"{VERNER}, compiled") or record.by_name.get(VERNER)
    is_gpu = record.settings.device.startswith("cuda") and result is not None
    ratio = record.ratio(result, "euler", "training") if is_gpu and result else None
    yield _time(7, f"{result.name if result else VERNER}, training time on a GPU", ratio, 1.10)
    kernels = None
    if is_gpu and result and result.tally.gpu_kernels is not None:
        alone = record.reference(result, "alone").tally.gpu_kernels or 0
        kernels = (result.tally.gpu_kernels - alone) / 2
    yield _count(7, "kernels of the block on a GPU, each way", kernels, 15)


def _start_up(record: Record) -> Iterator[Finding]:
    found = record.start_up
    ratio = None
    if found is not None:
        ratio = paired_ratio(found.compile, found.import_torch)
    yield _time(8, "`butcher compile` against `import torch`", ratio, 0.3)
    slow = None if found is None else 1000 * quartiles(found.schedule).middle
    yield _count(8, "schedule of 35 dense stages, ms", slow, 5, digits=3)
