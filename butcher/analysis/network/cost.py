"""What a block costs: evaluations, feature maps carried and saved, passes over a map.

Passes are counted for the rows alone, what the sub-nets do is theirs. A row of n evaluations and
one state, Y = u + h (a_1 k_1 + ... + a_n k_n), takes

    as written    n products, n - 1 sums, a product by h, a sum     5n + 2 passes   2n + 1 kernels
    chained       Y = u + a_1 k_1, then Y += a_j k_j                3n              n
    fused         one read of each, one write                       n + 2           1

where a product reads one map and writes one, a sum reads two and writes one. A row that is
exactly one source takes none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from butcher.analysis.network.carried import Cut, cuts
from butcher.coefficient import Coefficient
from butcher.ir.graph import Graph, Row, Term
from butcher.ir.steps import is_step


@dataclass(frozen=True)
class SlotCost:
    """evaluations  how often the slot is evaluated.
    sub_nets     how many sets of weights it has.
    """

    slot: str
    evaluations: int
    sub_nets: int


@dataclass(frozen=True)
class Elementwise:
    """passes   reads and writes of a whole feature map.
    kernels  operations, each launched once.
    """

    passes: int
    kernels: int

    def __add__(self, other: Elementwise) -> Elementwise:
        return Elementwise(self.passes + other.passes, self.kernels + other.kernels)


NOTHING = Elementwise(0, 0)
PRODUCT = Elementwise(2, 1)
SUM = Elementwise(3, 1)


@dataclass(frozen=True)
class Cost:
    """What one block costs; exact counts, a map being one tensor of the shape of a state.

    evaluations      of sub-nets, the NFE: sweeps that are written out count each.
    slots            the same, slot by slot.
    live_maps        the most maps carried across an evaluation where every value is kept until
                     its last use, the evaluation's own argument not counted.
    live_maps_floor  the least that the non-zero coefficients admit, a minimum vertex cover.
    live_maps_rank   the rank of the coefficients, which no schedule can do without; None if that
                     would take too long.
    cuts             these three for every evaluation.
    saved_maps       what the rows keep for the backward pass, whatever sub-nets keep: a product
                     of a trained number and a map keeps the map, so with trained h a row of two
                     or more evaluations keeps their sum, a row of one keeps that one. A map that
                     several products keep counts once. 0 where all coefficients are fixed.
    as_written       u + h (a_1 k_1 + ...), every factor a product, 1 included.
    chained          added to a sum in place, the factor given along.
    fused            one kernel a row.
    """

    evaluations: int
    slots: tuple[SlotCost, ...]
    live_maps: int
    live_maps_floor: int
    live_maps_rank: int | None
    cuts: tuple[Cut, ...]
    saved_maps: int
    as_written: Elementwise
    chained: Elementwise
    fused: Elementwise


def cost(graph: Graph) -> Cost:
    """What a block of an explicit graph costs.

    The graph is the one that is evaluated: pruned, sweeps written out. UndefinedError for an
    implicit one.
    """
    found = cuts(graph)
    rows = tuple(_rows(graph))
    trained = frozenset(symbol.name for symbol in graph.symbols if symbol.kind == "learn")
    ranks = [cut.rank for cut in found if cut.rank is not None]
    return Cost(
        evaluations=len(graph.evaluations),
        slots=tuple(_slots(graph)),
        live_maps=max((cut.kept for cut in found), default=0),
        live_maps_floor=max((len(cut.cover) for cut in found), default=0),
        live_maps_rank=max(ranks, default=0) if len(ranks) == len(found) else None,
        cuts=found,
        saved_maps=_saved(rows, trained),
        as_written=sum((_as_written(graph, row) for row in rows), NOTHING),
        chained=sum((_chained(row) for row in rows), NOTHING),
        fused=sum((Elementwise(len(row.terms) + 1, 1) for row in rows), NOTHING),
    )


def _slots(graph: Graph) -> Iterable[SlotCost]:
    evaluations = Counter(e.slot for e in graph.evaluations)
    groups = Counter({e.group: e.slot for e in graph.evaluations}.values())
    return (SlotCost(slot, evaluations[slot], groups[slot]) for slot in graph.slots)


def _rows(graph: Graph) -> Iterable[Row]:
    """The rows that a block computes, each once."""
    keys = [e.argument for e in graph.evaluations]
    keys += [key for key in graph.outputs if key in graph.row]
    keys += [estimate.row for estimate in graph.estimates]
    rows = (graph.row[key] for key in dict.fromkeys(keys))
    return (row for row in rows if row.only_source is None)


# ---------------------------------------------------------------------- passes


def _as_written(graph: Graph, row: Row) -> Elementwise:
    """The values, and h times the sum of the evaluations."""
    values = [t for t in row.terms if graph.is_value(t.source)]
    evaluations = len(row.terms) - len(values)
    products = sum(t.coefficient != 1 for t in values) + evaluations + bool(evaluations)
    sums = max(len(row.terms) - 1, 0)
    return _times(products, PRODUCT) + _times(sums, SUM)


def _chained(row: Row) -> Elementwise:
    """A state as it is heads the chain; where there is none, a product does."""
    sums = _times(max(len(row.terms) - 1, 0), SUM)
    return sums if any(t.coefficient == 1 for t in row.terms) else sums + PRODUCT


def _times(count: int, one: Elementwise) -> Elementwise:
    return Elementwise(count * one.passes, count * one.kernels)


# ---------------------------------------------------------------------- saved for backward


def _saved(rows: Iterable[Row], trained: frozenset[str]) -> int:
    """Sums, each its own map, and sources."""
    sums, sources = 0, set()
    for row in rows:
        by_step: dict[tuple[str, int], list[Term]] = {}
        for term in row.terms:
            by_step.setdefault(_step(term.coefficient), []).append(term)
        for (step, _), terms in by_step.items():
            if step in trained and len(terms) > 1:
                sums += 1
            for term in terms:
                alone = step in trained and len(terms) == 1
                if alone or (term.coefficient.names - {step}) & trained:
                    sources.add(term.source)
    return sums + len(sources)


def _step(coefficient: Coefficient) -> tuple[str, int]:
    """(h, 2) of 3 h^2: what stands before the brackets of a row; ("", 0) of a coefficient
    without a step."""
    for name in sorted(coefficient.names):
        power = coefficient.power_of(name)
        if is_step(name) and power > 0:
            return name, power
    return "", 0
