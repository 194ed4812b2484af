"""By what factor one term of an update equation is wrong, if it alone explains a false claim.

A condition that is linear in the coefficient of a term is known from two of its values, that of
the method and that of the method with the term doubled. The lowest condition that fails gives the
factor, and a proof of the method with the term so multiplied tells whether it is that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from butcher.analysis.conditions.order import Orders, order
from butcher.analysis.conditions.proof import OrderResult
from butcher.analysis.multistep.method import LinearMultistep, linear_multistep
from butcher.analysis.repair.checks import short_of
from butcher.coefficient import ONE, Number
from butcher.ir.graph import Graph

Multiplied = Callable[[Number], Graph | None]
"""The method with the term multiplied by a factor; None if there is none."""

TWICE = Number.of(2)

LARGEST_WORK = 500_000_000
"""Nanoseconds, about, after which no further term is tried."""


@dataclass
class TermRepair:
    """The search, term by term, in a method that does not hold what is claimed of it.

    wanted   the order that each new value is to have, by the key of its row.
    work     about how many nanoseconds the proofs took so far.
    """

    graph: Graph
    wanted: Mapping[str, int]
    orders: Orders
    work: int = 0

    def factor(self, multiplied: Multiplied) -> Number | None:
        """The factor with which the claim holds; None if the term does not mend it alone."""
        doubled = multiplied(TWICE) if self.work < LARGEST_WORK else None
        if doubled is None:
            return None
        method = linear_multistep(self.graph)
        if method is not None:
            factor = _of_formula(method, linear_multistep(doubled), max(self.wanted.values()))
        else:
            factor = self.of_trees(doubled)
        mended = multiplied(factor) if factor else None
        return factor if mended is not None and self.holds(mended) else None

    def of_trees(self, doubled: Graph) -> Number | None:
        """From the lowest condition that fails, and its value with the term doubled."""
        failing = short_of(self.wanted, self.orders.each)
        first = min(failing, key=lambda r: r.order or 0, default=None)
        if first is None:
            return None
        failure = first.failures[0]
        other = self.proved(doubled, failure.order).get(first.key)
        if other is None or other.order is None or other.order < (first.order or 0):
            return None  # a lower condition holds the term fast
        now = next((f.got for f in other.failures if f.tree == failure.tree), failure.wanted)
        if isinstance(now, Number) and isinstance(failure.got, Number):
            return _factor(failure.got, now, failure.wanted)
        return None  # a factor that is known to some digits is no guide to a text

    def holds(self, graph: Graph) -> bool:
        """Whether the orders wanted are proved of it."""
        found = self.proved(graph, max(self.wanted.values()))
        return all(key in found and (found[key].order or 0) >= p for key, p in self.wanted.items())

    def proved(self, graph: Graph, up_to: int) -> Mapping[str, OrderResult]:
        found = order(graph, up_to).each
        self.work += max(result.work for result in found.values())
        return found


def _of_formula(method: LinearMultistep, doubled: LinearMultistep | None, p: int) -> Number | None:
    """From the first C_q that is not zero, and its value with the term doubled."""
    for q in range(p + method.derivative):
        off = method.constant(q)
        if doubled is not None and not off.may_be(0):
            return _factor(off.value, doubled.constant(q).value, Number.of(0))
    return None


def _factor(once: Number, twice: Number, wanted: Number) -> Number | None:
    """With which a condition, linear in the term, gets what it wants; None if it never does."""
    slope = twice - once
    return ONE + (wanted - once) / slope if slope else None
