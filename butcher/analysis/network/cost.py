"""What a block costs: evaluations, feature maps carried and saved, passes over a map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from butcher.analysis.network.carried import Cut, cuts, tensor_symbols
from butcher.analysis.network.elementwise import Elementwise, as_written, emitted, gathered
from butcher.ir.graph import Graph
from butcher.ir.sums import computed_sums


@dataclass(frozen=True)
class SlotCost:
    """evaluations  how often the slot is evaluated.
    sub_nets     how many sets of weights it has.
    """

    slot: str
    evaluations: int
    sub_nets: int


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
                     several products keep counts once. 0 where all coefficients are fixed. A block
                     keeps fewer where bounds hold that number away from 0 and the sub-net that
                     reads the row keeps it anyway: then the sum follows from row and state.
    as_written       u + h (a_1 k_1 + ...), every factor a product, 1 included.
    emitted          as a block does it: added to a sum in place, the factor given along.
    gathered         one kernel a row, when all its terms are there.
    """

    evaluations: int
    slots: tuple[SlotCost, ...]
    live_maps: int
    live_maps_floor: int
    live_maps_rank: int | None
    cuts: tuple[Cut, ...]
    saved_maps: int
    as_written: Elementwise
    emitted: Elementwise
    gathered: Elementwise


def cost(graph: Graph) -> Cost:
    """What a block of an explicit graph costs.

    The graph is the one that is evaluated: pruned, sweeps written out. UndefinedError for an
    implicit one.
    """
    found = cuts(graph)
    ranks = [cut.rank for cut in found if cut.rank is not None]
    return Cost(
        evaluations=len(graph.evaluations),
        slots=tuple(_slots(graph)),
        live_maps=max((cut.kept for cut in found), default=0),
        live_maps_floor=max((len(cut.cover) for cut in found), default=0),
        live_maps_rank=max(ranks, default=0) if len(ranks) == len(found) else None,
        cuts=found,
        saved_maps=_saved(graph),
        as_written=as_written(graph),
        emitted=emitted(graph, [cut.cover for cut in found]),
        gathered=gathered(graph),
    )


def _slots(graph: Graph) -> Iterable[SlotCost]:
    evaluations = Counter(e.slot for e in graph.evaluations)
    groups = Counter({e.group: e.slot for e in graph.evaluations}.values())
    return (SlotCost(slot, evaluations[slot], groups[slot]) for slot in graph.slots)


def _saved(graph: Graph) -> int:
    """Sums, each its own map, and sources."""
    tensors = tensor_symbols(graph)
    trained = {symbol.name for symbol in graph.symbols if symbol.kind == "learn"}
    factored, sources = 0, set()
    for part in chain.from_iterable(computed_sums(graph, tensors).values()):
        factored += part.factor is not None
        for term in part.terms:
            if not term.coefficient.names.isdisjoint(trained):
                sources.add(term.source)
    return factored + len(sources)
