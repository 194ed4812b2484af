"""Passes of the rows over a map, in three forms; what the sub-nets do is theirs.

A row of n evaluations and one state, Y = u + h (a_1 k_1 + ... + a_n k_n), takes

    as written    n products, n - 1 sums, a product by h, a sum     5n + 2 passes   2n + 1 kernels
    emitted       Y = u + a_1 k_1, then Y += a_j k_j                3n              n
    gathered      one read of each, one write                       n + 2           1

where a product reads one map and writes one, a sum reads two and writes one. A row that is
exactly one source takes none.

As emitted, what a trained number multiplies is summed up apart (`butcher.ir.sums`): where h is
trained, two or more evaluations begin with a product of their own, and are added with their last
one, so the row takes 3n + 2 passes in n + 1 kernels. What a drawn number multiplies is a product
and a sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from butcher.analysis.network.carried import Cover, tensor_symbols
from butcher.ir.graph import Graph, Row, Term
from butcher.ir.sums import Sum, computed_rows, computed_sums


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
ZEROS = Elementwise(1, 1)
PRODUCT = Elementwise(2, 1)
SUM = Elementwise(3, 1)


def as_written(graph: Graph) -> Elementwise:
    """u + h (a_1 k_1 + ...), every factor a product, 1 included."""
    return _total(_as_written(graph, row) for row in computed_rows(graph))


def _as_written(graph: Graph, row: Row) -> Elementwise:
    """The values, and h times the sum of the evaluations."""
    values = [t for t in row.terms if graph.is_value(t.source)]
    evaluations = len(row.terms) - len(values)
    products = sum(t.coefficient != 1 for t in values) + evaluations + bool(evaluations)
    return _times(products, PRODUCT) + _times(max(len(row.terms) - 1, 0), SUM)


def gathered(graph: Graph) -> Elementwise:
    """One kernel a row, when all its terms are there: the fewest kernels. The fused form begins
    rows together, which takes as many and fewer passes.
    """
    return _total(Elementwise(len(row.terms) + 1, 1) for row in computed_rows(graph))


def _times(count: int, one: Elementwise) -> Elementwise:
    return Elementwise(count * one.passes, count * one.kernels)


def _total(each: Iterator[Elementwise]) -> Elementwise:
    return sum(each, NOTHING)


# ---------------------------------------------------------------------- as emitted


def emitted(graph: Graph, carried: Sequence[Cover]) -> Elementwise:
    """Added to sums in place, the factor given along; in evaluation, drawn numbers their means.

    carried   what is carried across each evaluation: a row that is not, and is read again, is
              computed again.
    """
    total = NOTHING
    for key, parts in computed_sums(graph, tensor_symbols(graph)).items():
        one = _total(_summed_up(graph, part) for part in parts) + _joined(parts)
        total += _times(_computations(graph, key, carried), one)
    return total


def _summed_up(graph: Graph, part: Sum) -> Elementwise:
    """A source as it is heads the sum; where there is none, a product does."""
    if part.is_value:
        return NOTHING
    if not part.terms:
        return ZEROS
    first, *others = part.terms
    begin = NOTHING if first.coefficient == 1 and others else _product(graph, first)
    return begin + _total(_added(graph, term) for term in others)


def _added(graph: Graph, term: Term) -> Elementwise:
    return SUM + _product(graph, term) if "random" in _kinds(graph, term) else SUM


def _product(graph: Graph, term: Term) -> Elementwise:
    """What is drawn anew for the backward pass, and trained, is two products and their sum."""
    redrawn = any(graph.symbol[name].redrawn_backward for name in term.coefficient.names)
    return PRODUCT + PRODUCT + SUM if redrawn and "learn" in _kinds(graph, term) else PRODUCT


def _kinds(graph: Graph, term: Term) -> set[str]:
    """Of the symbols that the coefficient is made of."""
    return {graph.symbol[name].kind for name in term.coefficient.names}


def _joined(parts: Sequence[Sum]) -> Elementwise:
    """What has a factor is multiplied by it and added, in one kernel."""
    factored = sum(part.factor is not None for part in parts)
    if factored < len(parts):
        return _times(factored, SUM)
    return PRODUCT + _times(factored - 1, SUM)


def _computations(graph: Graph, key: str, carried: Sequence[Cover]) -> int:
    """How often a row is computed: again for each use up to which it is not carried."""
    uses = [i for i, e in enumerate(graph.evaluations) if e.argument == key]
    if key in graph.outputs or any(estimate.row == key for estimate in graph.estimates):
        uses.append(len(graph.evaluations))
    again = [
        any(key not in cover.sums for cover in carried[use + 1 : later])
        for use, later in pairwise(uses)
    ]
    return 1 + sum(again)
