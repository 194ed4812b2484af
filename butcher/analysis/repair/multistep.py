"""Which one entry of a linear multistep formula, if it alone is wrong, explains a false claim.

The conditions C_q = 0, q < p + m, of sum_j alpha_j u[n+j] = h^m sum_j beta_j f[n+j] are linear in
every alpha and beta as they are written, the last alpha included, which nothing is divided by
here: the first that fails says what an entry must be, and the others whether it is that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from math import perm

from butcher.analysis.entry import Entry
from butcher.analysis.multistep.method import LinearMultistep
from butcher.analysis.repair.suspects import Repair
from butcher.analysis.repair.tableau import Cell, Change


def multistep_repairs(method: LinearMultistep, order: int) -> tuple[Repair, ...]:
    """The repairs of a formula as it is written; cells are known by row and place, `alpha` `2`."""
    wanted = range(order + method.derivative)
    failing = [q for q in wanted if not method.constant(q).may_be(0)]
    if not failing:
        return ()
    tries = [*_single(method, failing[0]), *_exchanged(method)]
    return tuple(
        Repair("swap" if len(changes) > 1 else "one", tuple(changes))
        for changes in tries
        if all(_changed(method, changes).constant(q).may_be(0) for q in wanted)
        and _changed(method, changes).alpha[-1].value
    )


def _single(method: LinearMultistep, q: int) -> Iterator[Sequence[Change]]:
    off, m = method.constant(q), method.derivative
    for j in range(len(method.alpha)):
        of_beta = -perm(q, m) * j ** (q - m) if q >= m else 0
        for row, factor in ((_ALPHA, j**q), (_BETA, of_beta)):
            if factor:
                by = Entry(-off.value / factor, off.radius / abs(factor))
                yield [Change(_cell(row, j), by)]


def _exchanged(method: LinearMultistep) -> Iterator[Sequence[Change]]:
    for row, entries in ((_ALPHA, method.alpha), (_BETA, method.beta)):
        for (i, one), (j, other) in combinations(enumerate(entries), 2):
            by = other.value - one.value
            if by:
                yield [Change(_cell(row, i), Entry(by)), Change(_cell(row, j), Entry(-by))]


def _changed(method: LinearMultistep, changes: Sequence[Change]) -> LinearMultistep:
    rows = {_ALPHA: list(method.alpha), _BETA: list(method.beta)}
    for change in changes:
        row, place = rows[change.cell.row], int(change.cell.source or 0)
        row[place] = row[place] + change.by
    return replace(method, alpha=tuple(rows[_ALPHA]), beta=tuple(rows[_BETA]))


_ALPHA, _BETA = "alpha", "beta"


def _cell(row: str, place: int) -> Cell:
    return Cell(row, str(place), "", (_ALPHA, _BETA).index(row))
