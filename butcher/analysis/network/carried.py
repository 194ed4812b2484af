"""Which feature maps a block has to carry across an evaluation, and how few could do.

While F_i works, some values are known (states, k_j of earlier evaluations) and some rows are
still to come (arguments of later evaluations, new values, estimates). Draw an edge between a
row to come and a known value where the coefficient is not zero. Each edge is paid for by keeping
the value, or by keeping the sum of the row as far as it is known: the fewest maps are a minimum
vertex cover of this bipartite graph, which has the size of a maximum matching (Koenig 1931), the
structural rank of the matrix of these coefficients. Where the rank of that matrix is lower
still, the rows to come are combinations of fewer maps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from butcher.analysis.limits import UndefinedError
from butcher.analysis.network.rank import Ranks, generic
from butcher.coefficient import Coefficient
from butcher.ir.graph import Graph


@dataclass(frozen=True)
class Cut:
    """The maps that are carried across one evaluation, its own argument not counted.

    evaluation  its key.
    kept        if every value is kept until its last use, as `passes.schedule` does.
    cover       the fewest, if rows may be summed up as values come: the structural rank.
    rank        of the matrix, exactly, with symbols in general position, decimals as they are
                written: a floor of any schedule. None if it would take too long.
    """

    evaluation: str
    kept: int
    cover: int
    rank: int | None


def cuts(graph: Graph) -> tuple[Cut, ...]:
    """One for every evaluation of an explicit graph, in the order of the graph.

    Raises UndefinedError for an implicit one: what its sweeps carry is known once they are
    written out.
    """
    if not graph.in_computable_order:
        raise UndefinedError("implicit stages carry nothing until their sweeps are written out")
    return _Carried(graph).cuts()


@dataclass(frozen=True)
class _Demand:
    """A row, or several equal ones. It is computed for evaluation `first`, and read for the last
    time by evaluation `last`; the number of evaluations stands for the end of the block.
    """

    terms: Mapping[int, Coefficient]
    first: int
    last: int


class _Carried:
    """Values are numbered: states below 0, evaluations from 0 on."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.number = {key: i - len(graph.states) for i, key in enumerate(graph.state)}
        self.number |= {e.key: i for i, e in enumerate(graph.evaluations)}
        self.demands = self._demands()

    def _demands(self) -> list[_Demand]:
        end = len(self.graph.evaluations)
        uses = [(e.argument, i) for i, e in enumerate(self.graph.evaluations)]
        uses += [(key, end) for key in self.graph.outputs]
        uses += [(estimate.row, end) for estimate in self.graph.estimates]
        found: dict[frozenset[int], list[_Demand]] = {}
        for key, position in uses:
            terms = self._terms(key)
            alike = found.setdefault(frozenset(terms), [])
            for i, demand in enumerate(alike):
                if demand.terms == terms:
                    alike[i] = replace(demand, last=position)
                    break
            else:
                alike.append(_Demand(terms, position, position))
        return [demand for alike in found.values() for demand in alike]

    def _terms(self, key: str) -> dict[int, Coefficient]:
        row = self.graph.row.get(key)
        if row is None:
            return {self.number[key]: Coefficient.of(1)}
        return {self.number[term.source]: term.coefficient for term in row.terms}

    def cuts(self) -> tuple[Cut, ...]:
        return tuple(self._cut(i, e.key) for i, e in enumerate(self.graph.evaluations))

    def _cut(self, position: int, key: str) -> Cut:
        to_come = [i for i, demand in enumerate(self.demands) if demand.last > position]
        known = [[j for j in self.demands[i].terms if j < position] for i in to_come]
        cover = matching(known)
        rank = None if self.ranks is None else self.ranks.rank(to_come, position, cover)
        return Cut(key, self._kept(to_come, position), cover, rank)

    def _kept(self, to_come: Sequence[int], position: int) -> int:
        kept: set[int] = set()
        computed = 0
        for demand in (self.demands[i] for i in to_come):
            if demand.first > position or _is_source(demand):
                kept |= {j for j in demand.terms if j < position}
            else:
                computed += 1
        return len(kept) + computed

    @cached_property
    def ranks(self) -> Ranks | None:
        """None at a pole."""
        try:
            return Ranks(
                [{j: generic(c) for j, c in demand.terms.items()} for demand in self.demands]
            )
        except ZeroDivisionError:
            return None


def _is_source(demand: _Demand) -> bool:
    return len(demand.terms) == 1 and next(iter(demand.terms.values())) == 1


def matching(edges: Sequence[Sequence[int]]) -> int:
    """The size of a maximum matching of a bipartite graph; `edges` lists for each vertex on the
    left those on the right. By augmenting paths, breadth first.
    """
    partner: dict[int, int] = {}
    return sum(_augment(edges, start, partner) for start in range(len(edges)))


def _augment(edges: Sequence[Sequence[int]], start: int, partner: dict[int, int]) -> bool:
    """A path from an unmatched vertex on the left to one on the right that changes sides."""
    came: dict[int, int] = {}
    lefts = [start]
    for left in lefts:
        for right in edges[left]:
            if right in came:
                continue
            came[right] = left
            if right not in partner:
                _change_sides(right, came, partner)
                return True
            lefts.append(partner[right])
    return False


def _change_sides(end: int, came: Mapping[int, int], partner: dict[int, int]) -> None:
    """Every vertex on the left of the path takes the one on the right that it led to."""
    left_behind = {left: right for right, left in partner.items()}
    right: int | None = end
    while right is not None:
        left = came[right]
        partner[right] = left
        right = left_behind.get(left)
