"""Which stages are always equal, and which tableaus are the same method.

Two stages are equal for every f exactly if they lie in one class of the coarsest partition in
which a_iD = sum over j in D of a_ij, for every class D, is the same for all i of a class
(Hundsdorfer and Spijker 1981; Butcher, Numerical Methods for ODEs, 381: P-equivalence). It is
found by splitting classes until none splits. Rounded decimals are equal to the digits printed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise

from butcher.analysis.entry import Entry, total

Classes = list[list[int]]


def classes(
    A: Sequence[Sequence[Entry]],
    c: Sequence[Entry],
    slots: Sequence[str],
    differ: Callable[[Classes], bool] = lambda found: False,
) -> Classes:
    """The coarsest partition; stages in one class have one slot and one node.

    differ   asked of every partition on the way: where it is true, the search ends there.
    """
    found = by_node(c, slots)
    tried: set[tuple[int, ...]] = set()
    while not differ(found):
        fresh = next((d for d in found if tuple(d) not in tried), None)
        if fresh is None or all(len(group) == 1 for group in found):
            break
        tried.add(tuple(fresh))
        found = _split(found, partial(_class_sum, A, fresh))
    return found


def _class_sum(A: Sequence[Sequence[Entry]], members: Sequence[int], i: int) -> Entry:
    return total(A[i][j] for j in members)


def by_node(c: Sequence[Entry], slots: Sequence[str]) -> Classes:
    """The stages with one slot and one node."""
    names = dict.fromkeys(slots)
    found = [[i for i, slot in enumerate(slots) if slot == name] for name in names]
    return _split(found, lambda i: c[i])


def _split(groups: Classes, value: Callable[[int], Entry]) -> Classes:
    """Every group by the value of its members."""
    found: Classes = []
    for group in groups:
        if len(group) == 1:
            found.append(group)
            continue
        values = {i: value(i) for i in group}
        found += _rounded(values) if any(e.radius for e in values.values()) else _exact(values)
    return sorted(found)


def _exact(values: Mapping[int, Entry]) -> Classes:
    found: dict[Entry, list[int]] = {}
    for i, one in values.items():
        found.setdefault(one, []).append(i)
    return list(found.values())


def _rounded(values: Mapping[int, Entry]) -> Classes:
    """Neighbours are equal where their balls meet."""
    members = sorted(values, key=lambda i: values[i].value)
    found = [[members[0]]]
    for before, i in pairwise(members):
        if (values[i] - values[before]).may_be(0):
            found[-1].append(i)
        else:
            found.append([i])
    return [sorted(group) for group in found]
