"""Butcher's simplifying assumptions and the orders of stages that follow from them.

    B(p)   sum_i b_i c_i^(k-1)       = 1/k                  k = 1, ..., p
    C(q)   sum_j a_ij c_j^(k-1)      = c_i^k / k            k = 1, ..., q, all i
    D(r)   sum_i b_i c_i^(k-1) a_ij  = b_j (1 - c_j^k) / k  k = 1, ..., r, all j

(Butcher 1964; Hairer, Wanner, Solving ODEs II, IV.5.) They are asked of the stages that the new
value depends on. With several slots every sum runs over the stages of one slot, and the
assumption is to hold for each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from math import inf

from butcher.analysis.entry import NOTHING, Entry, total
from butcher.analysis.limits import UndefinedError
from butcher.analysis.runge_kutta.tableau import ButcherTableau
from butcher.coefficient import ONE

Order = int | float
"""A whole number, or infinity where an assumption holds for every k."""

_ONE = Entry(ONE)


@dataclass(frozen=True)
class SimplifyingAssumptions:
    """Exact; of a tableau of rounded decimals, to the digits printed."""

    tableau: ButcherTableau

    # ------------------------------------------------------------------ powers of the nodes

    @property
    def _last(self) -> int:
        """A k from which on nothing can end any more: a quadrature of s nodes that is right for
        k <= 2s + 1 is one of nothing, right for all k."""
        return 2 * len(self.tableau) + 1

    @cached_property
    def _powers(self) -> list[list[Entry]]:
        return [[_ONE] * len(self.tableau)]

    def _power(self, k: int) -> list[Entry]:
        """c_j^k of every stage."""
        while len(self._powers) <= k:
            last = self._powers[-1]
            self._powers.append([p.product(c) for p, c in zip(last, self.tableau.c, strict=True)])
        return self._powers[k]

    def _moment(self, weights: Iterable[tuple[int, Entry]], k: int) -> Entry:
        """k sum_j w_j c_j^(k-1)."""
        power = self._power(k - 1)
        return total(w.product(power[j]) for j, w in weights if w != NOTHING).times(k)

    def _largest(self, holds: Callable[[int], bool]) -> Order:
        return next((k - 1 for k in range(1, self._last + 1) if not holds(k)), inf)

    # ------------------------------------------------------------------ B, C, D

    @cached_property
    def b_p(self) -> Order:
        """The largest p with B(p)."""
        places, b = self.tableau.of_slot.values(), self.tableau.b
        return self._largest(
            lambda k: all(self._moment(((j, b[j]) for j in slot), k).may_be(1) for slot in places)
        )

    @cached_property
    def rows(self) -> tuple[Order, ...]:
        """For each stage i the largest q for which its row meets C(q)."""
        return tuple(self._row(i) for i in range(len(self.tableau)))

    def _row(self, i: int) -> Order:
        return self._largest(lambda k: all(e.may_be(0) for e in self._defects(i, k)))

    def _defects(self, i: int, k: int) -> Iterable[Entry]:
        """k sum_j a_ij c_j^(k-1) - c_i^k, slot by slot."""
        t = self.tableau
        for slot in t.of_slot.values():
            if t.drives[slot[0]] == t.reads[i]:
                yield self._moment(((j, t.A[i][j]) for j in slot), k) - self._power(k)[i]

    @cached_property
    def c_q(self) -> Order:
        """The largest q with C(q)."""
        return min(self.rows)

    @cached_property
    def d_r(self) -> Order:
        """The largest r with D(r)."""
        return self._largest(lambda k: all(self._d_holds(j, k) for j in range(len(self.tableau))))

    def _d_holds(self, j: int, k: int) -> bool:
        t, power = self.tableau, self._power(k - 1)
        wanted = t.b[j] - t.b[j].product(self._power(k)[j])
        for slot in t.of_slot.values():
            if t.reads[slot[0]] == t.drives[j]:
                terms = ((i, t.A[i][j]) for i in slot if NOTHING not in (t.b[i], t.A[i][j]))
                found = total(t.b[i].product(power[i]).product(a) for i, a in terms)
                if not (found.times(k) - wanted).may_be(0):
                    return False
        return True

    # ------------------------------------------------------------------ orders of stages

    @property
    def stage_order(self) -> Order:
        """The largest q with B(q) and C(q), which is also the smaller of order and C."""
        return min(self.b_p, self.c_q)

    @property
    def pseudo_stage_order(self) -> Order:
        """The largest q with B(q) for which the rows of all stages with b_i /= 0 meet C(q)."""
        pairs = zip(self.rows, self.tableau.b, strict=True)
        return min([self.b_p, *(row for row, weight in pairs if weight != NOTHING)])

    @cached_property
    def weak_stage_order(self) -> Order:
        """The largest q with B(q) and b^T A^m (k A c^(k-1) - c^k) = 0 for k <= q and all m.

        UndefinedError for several slots.
        """
        if not self.tableau.has_one_slot:
            raise UndefinedError("weak stage order is a word for one slot")
        return min(self.b_p, self._largest(self._weakly_holds))

    def _weakly_holds(self, k: int) -> bool:
        t = self.tableau
        vector = [next(iter(self._defects(i, k))) for i in range(len(t))]
        for _ in range(len(t)):
            if all(one.may_be(0) for one in vector):
                break
            if not _dot(t.b, vector).may_be(0):
                return False
            vector = [_dot(row, vector) for row in t.A]
        return True


def _dot(left: Iterable[Entry], right: Iterable[Entry]) -> Entry:
    pairs = zip(left, right, strict=True)
    return total(a.product(b) for a, b in pairs if NOTHING not in (a, b))
