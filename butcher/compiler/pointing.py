"""From what is wrong to where: errors of order and of nodes move to the cell that mends them.

Where one cell is wrong, its row misses its node and conditions of several orders fail. These are
one mistake, so they stand at one place, that of the likeliest cell, and say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from butcher.analysis.order import Orders
from butcher.compiler.mends import Mend, mends
from butcher.errors import Diagnostic, Suspect
from butcher.ir.graph import Graph
from butcher.spec.scheme import Claim, RungeKutta, Scheme

FALSE_CLAIM = {"B401", "B402"}
NODE = "B203"

MOST_TOLD = 3
"""Cells that a message names; the others are in `suspects`."""


def pointed(
    scheme: Scheme, graph: Graph, orders: Orders, findings: Iterable[Diagnostic]
) -> list[Diagnostic]:
    """The findings, those that a cell may explain with their suspects, and in its place."""
    found = list(findings)
    about = [d for d in found if d.code in FALSE_CLAIM or d.code == NODE]
    if not about or not isinstance(scheme.body, RungeKutta):
        return found
    wanted = _wanted(scheme.claim, orders)
    sought = mends(scheme, graph, wanted, orders.each)
    if not sought.found:
        if not sought.complete:
            return found
        return [replace(d, hint=f"{d.hint} {_NONE}") if d.code in FALSE_CLAIM else d for d in found]
    if not wanted:
        cells = _cells(sought.found)
        return [replace(d, suspects=cells) if d.code == NODE else d for d in found]
    moved = _moved(about, sought.found)
    return [moved.get(id(d), d) for d in found]


_NONE = "No change of one cell mends every condition: two are wrong, or the claim is."


def _wanted(claim: Claim | None, orders: Orders) -> dict[str, int]:
    """The order that each new value and estimate is claimed to have, by the key of its row."""
    if claim is None:
        return {}
    return {
        key: claim.order if result.kind == "advanced" else claim.embedded or claim.order
        for key, result in orders.each.items()
        if result.kind == "advanced" or claim.embedded is not None
    }


def _cells(found: Sequence[Mend]) -> tuple[Suspect, ...]:
    """The cells of all mends, the likeliest first, each place once."""
    cells = {cell.span: cell for mend in reversed(found) for cell in reversed(mend.suspects)}
    return tuple(reversed(cells.values()))


def _moved(about: Sequence[Diagnostic], found: Sequence[Mend]) -> dict[int, Diagnostic]:
    """The findings at the first suspect, by the identity of what they were."""
    first, cells = found[0], _cells(found)
    moved: dict[int, Diagnostic] = {}
    for finding in about:
        parts = [_mend(first, finding.code == NODE, bool(moved))]
        if finding.code in FALSE_CLAIM and finding.hint:
            parts.append(finding.hint)
        if not moved:
            parts += _others(found)
        moved[id(finding)] = replace(
            finding, span=cells[0].span, hint=" ".join(parts), suspects=cells
        )
    return moved


def _mend(mend: Mend, is_node: bool, again: bool) -> str:
    """What to write, and that everything holds then."""
    if again:
        return f"The same mistake: {_typed(mend)} mends this as well."
    where = "here " if mend.kind == "one" else ""
    holds = "the claim holds" if mend.is_node else "every condition of order holds"
    if is_node and not mend.is_node:
        holds = f"it is, and {holds}"
    elif is_node:
        holds = f"it is, and {holds} as the rows stand"
    return f"Write {_typed(mend)} {where}and {holds}."


def _typed(mend: Mend) -> str:
    """`1/2 for 1/3`, of two cells with their places."""
    if mend.kind == "one":
        ((old, new),) = mend.typed
        return f"{new} for {old}"
    parts = [
        f"{new} for {old} in line {cell.span.line}, column {cell.span.column}"
        for (old, new), cell in zip(mend.typed, mend.suspects, strict=True)
    ]
    return " and ".join(parts)


def _others(found: Sequence[Mend]) -> Iterator[str]:
    """The other cells, where there are any."""
    others = found[1:MOST_TOLD]
    if others:
        places = ", or ".join(
            _typed(mend) + (_place(mend) if mend.kind == "one" else "") for mend in others
        )
        yield f"Less likely: {places}."


def _place(mend: Mend) -> str:
    (cell,) = mend.suspects
    return f" in line {cell.span.line}, column {cell.span.column}"
