"""Which feature maps a block has to carry across an evaluation, and how few could do.

While F_i works, some values are known (states, k_j of earlier evaluations) and some rows are
still to come (arguments of later evaluations, new values, estimates). Draw an edge between a sum
of a row to come (`butcher.ir.sums`) and a known value where the coefficient is not zero. Each edge
is paid for by keeping the value, or by keeping the sum as far as it is known: the fewest maps are
a minimum vertex cover of this bipartite graph, which has the size of a maximum matching (Koenig
1931), the structural rank of the matrix of these coefficients. Where the rank of that matrix is
lower still, the rows to come are combinations of fewer maps.

Of all smallest covers the one with most values is taken. What it holds never comes back: a value
that one cover lacks is in none after it, a sum that it has is in all until its row is computed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property

from butcher.analysis.limits import UndefinedError
from butcher.analysis.network.rank import Ranks, generic
from butcher.coefficient import Coefficient
from butcher.ir.graph import Evaluation, Graph, Term
from butcher.ir.sums import Sum, computed_sums


@dataclass(frozen=True)
class Cover:
    """The maps that are carried across one evaluation, its own argument not counted, or across
    several that work together.

    evaluation  its key; of several that work together that of the first.
    values      the keys of the states and evaluations that are kept.
    sums        the keys of the sums that are kept as far as they are known; a row that is computed
                already, and read again, is its own sum.
    """

    evaluation: str
    values: tuple[str, ...]
    sums: tuple[str, ...]

    def __len__(self) -> int:
        """The number of maps, the structural rank."""
        return len(self.values) + len(self.sums)


@dataclass(frozen=True)
class Cut:
    """What could be carried across one evaluation.

    cover  the fewest maps.
    kept   how many it would be if every value were kept until its last use.
    rank   of the matrix, exactly, with symbols in general position, decimals as they are
           written: a floor of any schedule. None if it would take too long.
    """

    cover: Cover
    kept: int
    rank: int | None


def covers(
    graph: Graph,
    tensors: Collection[str] | None = None,
    levels: Sequence[Sequence[Evaluation]] | None = None,
) -> tuple[Cover, ...]:
    """One for every evaluation of an explicit graph, in the order of the graph.

    tensors  the symbols that are tensors when the block runs; those that are trained or drawn if
             not given.
    levels   the evaluations, in the order of the graph; those of one level work together, and have
             one cover. Each is alone if not given.

    Raises UndefinedError for an implicit graph: what its sweeps carry is known once they are
    written out.
    """
    tensors = tensor_symbols(graph) if tensors is None else tensors
    return covers_of(graph, computed_sums(graph, tensors), levels)


def covers_of(
    graph: Graph,
    parts: Mapping[str, Sequence[Sum]],
    levels: Sequence[Sequence[Evaluation]] | None = None,
) -> tuple[Cover, ...]:
    """`covers`, from the sums of every row that is computed."""
    return tuple(_Carried(graph, parts, levels).covers())


def cuts(graph: Graph) -> tuple[Cut, ...]:
    """The same, beside what would be kept without it and the rank."""
    carried = _Carried(graph, computed_sums(graph, tensor_symbols(graph)), None)
    return tuple(
        Cut(cover, carried.kept(position), carried.rank(position, len(cover)))
        for position, cover in enumerate(carried.covers())
    )


def tensor_symbols(graph: Graph) -> frozenset[str]:
    """The symbols that are trained or drawn."""
    return frozenset(s.name for s in graph.symbols if s.kind in {"learn", "random"})


@dataclass(frozen=True)
class _Side:
    """A vertex on the side of the rows: a sum to come, or a row that is there already.

    key      of the sum, or of the row.
    entries  number of a value -> coefficient.
    begin    the evaluations before which it is to come: it counts while those from `begin` to
    end      the one before `end` work; the number of evaluations stands for the end of the block.
    is_there whether it is computed by then, and more than one of the values.
    """

    key: str
    entries: Mapping[int, Coefficient]
    begin: int
    end: int
    is_there: bool

    @cached_property
    def columns(self) -> list[int]:
        return sorted(self.entries)


def _positions(levels: Sequence[Sequence[Evaluation]]) -> Iterator[int]:
    """For each evaluation how many are in the levels before its own."""
    begin = 0
    for level in levels:
        yield from [begin] * len(level)
        begin += len(level)


class _Carried:
    """Values are numbered: states below 0, evaluations from 0 on. Those that work together do so at
    the position of the first of them.
    """

    def __init__(
        self,
        graph: Graph,
        parts: Mapping[str, Sequence[Sum]],
        levels: Sequence[Sequence[Evaluation]] | None,
    ) -> None:
        if not graph.in_computable_order:
            raise UndefinedError("implicit stages carry nothing until their sweeps are written out")
        self.graph = graph
        self.parts = parts
        self.keys = list(graph.arrival)
        self.offset = len(graph.states)
        levels = [[e] for e in graph.evaluations] if levels is None else levels
        self.positions = list(_positions(levels))
        self.sides = list(self._sides())

    def _sides(self) -> Iterable[_Side]:
        end = len(self.graph.evaluations)
        arguments = [e.argument for e in self.graph.evaluations]
        uses = list(zip(arguments, self.positions, strict=True))
        uses += [(key, end) for key in self.graph.outputs]
        uses += [(estimate.row, end) for estimate in self.graph.estimates]
        last = dict(uses)
        for key, first in reversed(dict(reversed(uses)).items()):
            row = self.graph.row.get(key)
            source = key if row is None else row.only_source
            if row is None or source is not None:
                only = Term(source or key, Coefficient.of(1))
                yield _Side(key, self._entries([only]), 0, last[key], False)
                continue
            for part in self.parts[key]:
                yield _Side(part.key, self._entries(part.terms), 0, first, False)
            if first < last[key]:
                yield _Side(key, self._entries(row.terms), first, last[key], True)

    def _entries(self, terms: Iterable[Term]) -> dict[int, Coefficient]:
        return {self.graph.arrival[term.source] - self.offset: term.coefficient for term in terms}

    def to_come(self, position: int) -> list[int]:
        """The sides that count while this evaluation works."""
        return [i for i, side in enumerate(self.sides) if side.begin <= position < side.end]

    def known(self, side: int, position: int) -> list[int]:
        columns = self.sides[side].columns
        return columns[: bisect_left(columns, position)]

    def covers(self) -> Iterable[Cover]:
        gone: set[int] = set()
        begun: set[str] = set()
        for position in dict.fromkeys(self.positions):
            to_come = self.to_come(position)
            rows, values = self._cover(to_come, position, begun, gone)
            gone |= set(range(-self.offset, position)) - values
            begun = {self.sides[to_come[n]].key for n in rows}
            yield Cover(
                self.graph.evaluations[position].key,
                tuple(self.keys[j + self.offset] for j in sorted(values)),
                tuple(self.sides[to_come[n]].key for n in sorted(rows)),
            )

    def _cover(
        self, to_come: Sequence[int], position: int, begun: Collection[str], gone: Set[int]
    ) -> tuple[set[int], set[int]]:
        """Sums that are begun stay, and those that read a value that is gone. A row that is there
        stays as well, unless that costs a map: then it is computed again.
        """
        known = [self.known(i, position) for i in to_come]
        sides = [self.sides[i] for i in to_come]
        forced = {
            n for n, side in enumerate(sides) if side.key in begun or not gone.isdisjoint(known[n])
        }
        there = {n for n, side in enumerate(sides) if side.is_there} - forced
        rows, values = smallest_cover(known, forced | there)
        if there and len(rows) + len(values) > matching(known):
            return smallest_cover(known, forced)
        return rows, values

    def kept(self, position: int) -> int:
        """Values that are needed, and rows that are there."""
        to_come = self.to_come(position)
        there = sum(self.sides[i].is_there for i in to_come)
        needed = (self.known(i, position) for i in to_come if not self.sides[i].is_there)
        return len({j for known in needed for j in known}) + there

    def rank(self, position: int, at_most: int) -> int | None:
        if self.ranks is None:
            return None
        return self.ranks.rank(self.to_come(position), position, at_most)

    @cached_property
    def ranks(self) -> Ranks | None:
        """None at a pole."""
        try:
            return Ranks([{j: generic(c) for j, c in s.entries.items()} for s in self.sides])
        except ZeroDivisionError:
            return None


# ---------------------------------------------------------------------- bipartite graphs


def smallest_cover(
    edges: Sequence[Sequence[int]], forced: Collection[int] = ()
) -> tuple[set[int], set[int]]:
    """(left, right): the smallest sets that hold an end of every edge, with all of `forced` on
    the left; of these the ones with most on the right.

    `edges` lists for each vertex on the left those on the right. A vertex on the left is needed
    if an alternating path leads to it from an unmatched vertex on the right (Koenig 1931).
    """
    rest = [[] if i in forced else ends for i, ends in enumerate(edges)]
    found = _Matching(rest)
    reached = set[int]().union(*rest) - found.partner.keys()
    needed: set[int] = set()
    todo = [i for i, ends in enumerate(rest) if not reached.isdisjoint(ends)]
    readers = _readers(rest) if todo else {}
    while todo:
        left = todo.pop()
        if left not in needed:
            needed.add(left)
            todo += readers[found.matched[left]]
    right = {right for left, right in found.matched.items() if left not in needed}
    return needed | set(forced), right


def _readers(edges: Sequence[Sequence[int]]) -> dict[int, list[int]]:
    """For each vertex on the right those on the left."""
    found: dict[int, list[int]] = {}
    for left, ends in enumerate(edges):
        for right in ends:
            found.setdefault(right, []).append(left)
    return found


def matching(edges: Sequence[Sequence[int]]) -> int:
    """The size of a maximum matching of a bipartite graph, given as for `smallest_cover`."""
    return len(_Matching(edges).partner)


class _Matching:
    """A maximum matching, by augmenting paths, breadth first.

    partner  right -> left.
    matched  left -> right.
    closed   what was reached on the right where no path ended: none will, whatever is matched yet.
    """

    def __init__(self, edges: Sequence[Sequence[int]]) -> None:
        self.edges = edges
        self.partner: dict[int, int] = {}
        self.matched: dict[int, int] = {}
        self.closed: set[int] = set()
        for start in range(len(edges)):
            self._augment(start)

    def _augment(self, start: int) -> None:
        """A path from an unmatched vertex on the left to one on the right that changes sides."""
        came: dict[int, int] = {}
        lefts = [start]
        for left in lefts:
            for right in self.edges[left]:
                if right in came or right in self.closed:
                    continue
                came[right] = left
                if right not in self.partner:
                    self._change_sides(right, came)
                    return
                lefts.append(self.partner[right])
        self.closed |= came.keys()

    def _change_sides(self, end: int, came: Mapping[int, int]) -> None:
        """Every vertex on the left of the path takes the one on the right that it led to."""
        right: int | None = end
        while right is not None:
            left = came[right]
            before = self.matched.get(left)
            self.partner[right], self.matched[left] = left, right
            right = before
