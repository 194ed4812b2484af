"""Misprints of one cell, made in the text of a method."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from butcher.frontend import tree
from butcher.frontend.parser import parse
from butcher.source import Source, Span

KINDS = ("digit", "sign", "swap")


@dataclass(frozen=True)
class Mutation:
    """`text` with the cells at `places` (line, column) saying `new` where they said `old`."""

    kind: str
    text: str
    places: tuple[tuple[int, int], ...]
    old: tuple[str, ...]
    new: tuple[str, ...]


def mutations(text: str, rng: random.Random) -> Iterator[Mutation]:
    """As many as are asked for: one digit changed, a sign flipped, two cells of a row swapped."""
    rows = _rows(text)
    cells = [(row, cell) for row, (node, others) in enumerate(rows) for cell in [*node, *others]]
    while True:
        kind = rng.choice(KINDS)
        row, cell = rng.choice(cells)
        if kind == "swap":
            others = rows[row][1]
            edits = _swapped(text, rng.sample(others, 2)) if len(others) > 1 else {}
        else:
            new = (_digit if kind == "digit" else _sign)(said(text, cell.span), rng)
            edits = {cell.span: new} if new is not None else {}
        if edits and all(span.line == span.end_line for span in edits):
            yield _mutation(kind, text, edits)


def without_nodes(text: str) -> str:
    """The same tableau with every node left empty."""
    spans = [cell.span for node, _ in _rows(text) for cell in node]
    return _edited(text, {s: " " * (s.end_column - s.column) for s in spans})


def said(text: str, span: Span) -> str:
    """What stands at a place."""
    return text.split("\n")[span.line - 1][span.column - 1 : span.end_column - 1]


@lru_cache(maxsize=128)
def _rows(text: str) -> tuple[tuple[list[tree.Expression], list[tree.Expression]], ...]:
    """The node, if there is one, and the cells of every row of a table."""
    method, _ = parse(Source("text", text))
    assert method is not None
    rows: list[tuple[list[tree.Expression], list[tree.Expression]]] = []
    for body in method.bodies:
        if isinstance(body, tree.Tableau):
            heads = ([row.head] if row.head is not None else [] for row in body.stages)
            rows += [(head, list(row.cells)) for head, row in zip(heads, body.stages, strict=True)]
            rows += [([], list(row.cells)) for row in body.weights]
        elif isinstance(body, tree.Multistep):
            rows += [([], list(row.cells)) for row in body.rows]
    return tuple(rows)


def _digit(text: str, rng: random.Random) -> str | None:
    places = [i for i, character in enumerate(text) if character.isdigit()]
    if not places:
        return None
    place = rng.choice(places)
    new = rng.choice([digit for digit in "0123456789" if digit != text[place]])
    return text[:place] + new + text[place + 1 :]


def _sign(text: str, rng: random.Random) -> str | None:
    if not any(character in "123456789" for character in text):
        return None
    return text[1:] if text.startswith("-") else f"-{text}"


def _swapped(text: str, cells: list[tree.Expression]) -> dict[Span, str]:
    first, second = (said(text, cell.span) for cell in cells)
    return {cells[0].span: second, cells[1].span: first} if first != second else {}


def _mutation(kind: str, text: str, edits: dict[Span, str]) -> Mutation:
    changed = _edited(text, edits)
    before, after = (_places(one) for one in (text, changed))
    numbers = [before.index((span.line, span.column)) for span in edits]
    old = tuple(said(text, span) for span in edits)
    return Mutation(kind, changed, tuple(after[n] for n in numbers), old, tuple(edits.values()))


def _places(text: str) -> list[tuple[int, int]]:
    cells = [cell for node, others in _rows(text) for cell in [*node, *others]]
    return [(cell.span.line, cell.span.column) for cell in cells]


def _edited(text: str, edits: dict[Span, str]) -> str:
    lines = text.split("\n")
    for span in sorted(edits, reverse=True):
        line = lines[span.line - 1]
        lines[span.line - 1] = line[: span.column - 1] + edits[span] + line[span.end_column - 1 :]
    return "\n".join(lines)
