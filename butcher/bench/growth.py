"""How the cost of a block grows with the work: stages, channels, batch, depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from torch import nn

from butcher.bench import references
from butcher.bench.clock import Times, interleaved
from butcher.bench.dense import dense
from butcher.bench.interval import Interval, paired_ratio
from butcher.bench.item import Method, method, of_shipped
from butcher.bench.settings import Settings
from butcher.bench.tally import Tally, tally
from butcher.bench.work import Workshop
from butcher.spec.model import Model

STAGES = (1, 2, 4, 8, 16, 24, 35)
CHANNELS = (16, 32, 64, 128)
BATCHES = (1, 4, 16)
DEPTHS = (1, 2, 4, 8)


class Point(Model):
    """A block, or several, beside their sub-nets alone.

    coefficients  that are not zero, of evaluations in rows: each is a term to add.
    map_bytes     of one feature map, in which the tallies are.
    """

    label: str
    evaluations: int
    coefficients: int
    map_bytes: int
    block: Times
    alone: Times
    tally: Tally
    tally_alone: Tally

    def overhead(self, mode: str) -> Interval:
        """Of one evaluation, in times of one sub-net: the ratio less one."""
        ratio = paired_ratio(getattr(self.block, mode), getattr(self.alone, mode))
        return Interval(ratio.low - 1, ratio.middle - 1, ratio.high - 1)


class Series(Model):
    """Points in the order of what grows."""

    name: str
    points: tuple[Point, ...]


def growth(settings: Settings, said: Callable[[str], None] = lambda line: None) -> list[Series]:
    """Dense tableaus, the shipped methods, and Verner's block on maps and in stacks that grow."""

    def point(label: str, of: Method, changed: Settings, depth: int = 1) -> Point:
        said(f"growth: {label}")
        return _point(label, of, changed, depth)

    verner = method("verner89", "fixed")

    def wider(name: str, values: Sequence[int]) -> Iterator[Point]:
        for value in values:
            changed = settings.model_copy(update={name: value})
            yield point(f"{name} {value}", verner, changed)

    stages = (point(f"{s} stages", method(dense(s), "fixed"), settings) for s in STAGES)
    known = (point(of.name, of, settings) for of in _shipped())
    depths = (point(f"{d} blocks", verner, settings, d) for d in DEPTHS)
    return [
        Series(name="Dense tableaus", points=tuple(stages)),
        Series(name="Shipped methods", points=tuple(known)),
        Series(name="Channels, verner89", points=tuple(wider("channels", CHANNELS))),
        Series(name="Batch, verner89", points=tuple(wider("batch", BATCHES))),
        Series(name="Depth, verner89", points=tuple(depths)),
    ]


def _shipped() -> list[Method]:
    """Of numbers alone, one set of weights an evaluation, few evaluations first."""
    found = (
        made
        for made in of_shipped()
        if not made.is_shared and not made.graph.names - {"h"} and made.graph.evaluations
    )
    return sorted(found, key=lambda made: (len(made.graph.evaluations), made.name))


def _point(label: str, of: Method, settings: Settings, depth: int) -> Point:
    workshop = Workshop(settings)
    count = depth * len(of.graph.evaluations)
    block = workshop.work("block", "block", partial(_stack, of, depth), count=count, shared=False)
    alone = workshop.work("alone", "alone", references.alone, count=count, shared=False)
    times = interleaved([block, alone], settings)
    return Point(
        label=label,
        evaluations=count,
        coefficients=depth * _coefficients(of),
        map_bytes=settings.map_bytes,
        block=times["block"],
        alone=times["alone"],
        tally=tally(block, settings),
        tally_alone=tally(alone, settings),
    )


def _stack(of: Method, depth: int, branches: Sequence[nn.Module]) -> nn.Module:
    each = len(branches) // depth
    return nn.Sequential(*(of.block(branches[i * each :][:each]) for i in range(depth)))


def _coefficients(of: Method) -> int:
    graph = of.graph
    rows = {e.argument for e in graph.evaluations} | {*graph.outputs}
    terms = (term for key in rows if key in graph.row for term in graph.row[key].terms)
    return sum(term.source in graph.evaluation for term in terms)
