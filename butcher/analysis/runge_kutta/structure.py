"""What can be read off a tableau: how its stages depend on each other, and which is the result."""

from __future__ import annotations

from typing import Literal

from butcher.analysis.entry import NOTHING
from butcher.analysis.runge_kutta.equivalence import by_node
from butcher.analysis.runge_kutta.tableau import ButcherTableau
from butcher.coefficient import Number

Kind = Literal[
    "explicit",
    "singly diagonally implicit",
    "diagonally implicit",
    "fully implicit",
]


def kind(found: ButcherTableau) -> Kind:
    """explicit: no stage depends on itself. Diagonally implicit: one stage after the other can be
    solved for, singly so if they have one and the same a_ii, where it is not zero (SDIRK and
    ESDIRK). The order in which stages are written does not matter.
    """
    if not _is_triangular(found):
        return "fully implicit"
    diagonal = [row[i] for i, row in enumerate(found.A) if row[i] != NOTHING]
    if not diagonal:
        return "explicit"
    single = all((a - diagonal[0]).may_be(0) for a in diagonal)
    return "singly diagonally implicit" if single else "diagonally implicit"


def _is_triangular(found: ButcherTableau) -> bool:
    """Whether stages can be computed one after the other, each from itself and those before."""
    waiting = {
        i: {j for j, a in enumerate(row) if a != NOTHING and j != i}
        for i, row in enumerate(found.A)
    }
    while free := [i for i, needs in waiting.items() if not needs]:
        waiting = {i: needs.difference(free) for i, needs in waiting.items() if needs}
    return not waiting


def is_confluent(found: ButcherTableau) -> bool:
    """Whether two stages of one slot have the same node."""
    return any(len(group) > 1 for group in by_node(found.c, found.slots))


def is_fsal(found: ButcherTableau) -> bool:
    """First same as last: f is evaluated at the old value and at the new, so that an accepted
    step hands its last evaluation on: a_1j = 0, c_1 = 0 and a_sj = b_j, c_s = 1, whatever place
    the two stages have. Of several slots, each.
    """
    starts = (
        i
        for i, row in enumerate(found.A)
        if all(a == NOTHING for a in row) and found.c[i].may_be(0)
    )
    ends = (i for i in _ends(found) if found.c[i].may_be(1))
    slots = set(found.slots)
    return {found.slots[i] for i in starts} == slots == {found.slots[i] for i in ends}


def is_stiffly_accurate(found: ButcherTableau) -> bool:
    """Whether the new value is a stage that it depends on, a_sj = b_j (Prothero, Robinson 1974;
    Hairer, Wanner, Solving ODEs II, IV.3). Of several slots, a stage of each. An explicit method
    is not: where a stage of it is at the new value, the new value does not depend on that stage.
    """
    t = found.advanced
    return {t.slots[i] for i in _ends(t)} == set(t.slots)


def _ends(t: ButcherTableau) -> list[int]:
    """The stages whose argument is the new value of the state they read."""
    return [
        i
        for i, row in enumerate(t.A)
        if all(
            (a - b).may_be(0)
            for a, b, drives in zip(row, t.b, t.drives, strict=True)
            if drives == t.reads[i]
        )
    ]


def largest_coefficient(found: ButcherTableau) -> Number:
    """max of |a_ij|, |b_i|, |bhat_i|, |c_i|: D in Prince and Dormand (1981)."""
    lines = (*found.A, found.b, found.bhat or (), found.c)
    return max(abs(one.value) for line in lines for one in line)
