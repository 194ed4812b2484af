"""From what is wrong to where: errors of order and of nodes move to the cell that mends them.

Where one cell is wrong, its row misses its node and conditions of several orders fail. These are
one mistake, so they stand at one place, that of the likeliest cell, and say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from butcher.analysis.conditions.order import Orders
from butcher.coefficient import BudgetExceededError, ExpressionTooLargeError
from butcher.compiler.literals import alike
from butcher.compiler.mends import Mend, mends, off_rows
from butcher.errors import Diagnostic, Suspect
from butcher.ir.graph import Graph
from butcher.source import Span
from butcher.spec.scheme import Claim, Scheme

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
    if not about:
        return found
    wanted = _wanted(scheme.claim, orders)
    try:
        sought = mends(scheme, graph, wanted, orders)
    except (BudgetExceededError, ExpressionTooLargeError):
        return found
    if sought.found and wanted:
        moved = _moved(about, sought.found)
    elif sought.found:
        cells = _cells(sought.found)
        moved = {id(d): replace(d, suspects=cells) for d in about}
    elif sought.complete:
        moved = dict(_unmended(about, off_rows(scheme, graph)))
    else:
        moved = {}
    return [moved.get(id(d), d) for d in found]


def _unmended(
    about: Iterable[Diagnostic], rows: tuple[Suspect, ...]
) -> Iterator[tuple[int, Diagnostic]]:
    """False claims that no cell explains: where the first row stands that is off, if one is."""
    lines = sorted({row.span.line for row in rows})
    for finding in about:
        if finding.code in FALSE_CLAIM:
            hint = f"No single cell mends this{_first(lines)}. {finding.hint}"
            span = rows[0].span if rows else finding.span
            yield id(finding), replace(finding, span=span, hint=hint, suspects=rows)


def _first(lines: Sequence[int]) -> str:
    """What to look at where several cells may be wrong: the lines of rows that are off."""
    if not lines:
        return ": several are wrong, or the claim is too high"
    if len(lines) == 1:
        return f". Mend line {lines[0]} first: its sum is wrong"
    *told, last = [*map(str, lines[:MOST_TOLD]), *(["others"] if lines[MOST_TOLD:] else [])]
    return f". Mend lines {', '.join(told)} and {last} first: their sums are wrong"


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
        parts = [_again(first) if moved else _mend(first, finding.code == NODE)]
        if not moved:
            parts += _others(found)
        if finding.code in FALSE_CLAIM and finding.hint:
            parts.append(finding.hint)
        span = _place(finding, first) if first.kind == "pair" else cells[0].span
        moved[id(finding)] = replace(finding, span=span, hint=" ".join(parts), suspects=cells)
    return moved


def _place(finding: Diagnostic, pair: Mend) -> Span:
    """Where there are two wrong cells, a node points to the one in its own row."""
    spans = sorted(cell.span for cell in pair.suspects)
    behind = [span for span in spans if span >= finding.span]
    return behind[0] if finding.code == NODE and behind else spans[0]


def _mend(mend: Mend, is_node: bool) -> str:
    """What to write, and that everything holds then."""
    typed = _typed(mend)
    if mend.kind == "pair":
        return f"No single cell mends this, but two do: {typed}, and the claim holds."
    if mend.is_node:
        then = "that is the sum of the row, and with this row the claim holds"
    elif is_node:
        then = "then the row sums to its node, and the claim holds"
    else:
        then = "then the claim holds"
    return f"{typed[0].upper()}{typed[1:]}: {then}."


def _again(mend: Mend) -> str:
    """For the second finding of one mistake."""
    if mend.kind == "swap":
        return f"The same mistake: exchanging {_exchanged(mend)} mends this, too."
    if mend.kind == "pair":
        return f"The same two mistakes: {_instead(mend, True)} mend this, too."
    return f"The same mistake: {_instead(mend, False)} mends this, too."


def _typed(mend: Mend, somewhere: bool = False) -> str:
    """`write 1/2 for 1/3`, with the place if it is somewhere else than the error."""
    if mend.kind == "swap":
        first, second = (cell.span for cell in mend.suspects)
        place = f"{_at(first)} and {_at(second)}" if somewhere else f"of line {first.line}"
        return f"exchange {_exchanged(mend)} {place}"
    return f"write {_instead(mend, somewhere or mend.kind == 'pair')}"


def _exchanged(mend: Mend) -> str:
    """`1/2 and 1/3`; a cell of zero is a `.` with quotes, to be seen as one."""
    return " and ".join("`.`" if old == "." else _short(old) for old, _ in mend.typed)


def _instead(mend: Mend, somewhere: bool) -> str:
    """`1/2 for 1/3`; `1/2 here` where nothing stands."""
    parts = []
    for (old, new), cell in zip(mend.typed, mend.suspects, strict=True):
        old, new = differing(old, new)
        where = [_at(cell.span)] if somewhere else ["here"] if old == "." else []
        parts.append(" ".join([new if old == "." else f"{new} for {old}", *where]))
    return " and ".join(parts)


def _at(span: Span) -> str:
    """As the place of an error is written."""
    return f"at {span.line}:{span.column}"


WIDEST = 60
"""Characters of a number that is shown whole."""


def _short(text: str) -> str:
    return text if len(text) <= WIDEST else f"{text[: WIDEST // 2]}...{text[-WIDEST // 4 :]}"


def differing(old: str, new: str) -> tuple[str, str]:
    """Both, or of long texts the part in which they differ, and a little around it."""
    if max(len(old), len(new)) <= WIDEST:
        return old, new
    start, end = alike(old, new)
    first, last = max(0, start - WIDEST // 6), max(0, end - WIDEST // 6)
    left, right = "..." if first else "", "..." if last else ""
    return (
        _short(f"{left}{old[first : len(old) - last]}{right}"),
        _short(f"{left}{new[first : len(new) - last]}{right}"),
    )


def _others(found: Sequence[Mend]) -> Iterator[str]:
    """The other cells, where there are any."""
    others = [_typed(mend, somewhere=True) for mend in found[1:MOST_TOLD]]
    if others:
        yield f"Less likely: {'; or '.join(others)}."
