"""Expressions as text, and the breaking of long lines inside their parentheses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from butcher.frontend import tree

WIDTH = 100
_WIDEST_INDENT = 60

# A stretch of text that is never broken, and how many parentheses are open where it begins.
# A blank or a line's end stands before each but the first.
Piece = tuple[int, str]


def plain(node: tree.Expression, *, spaced: bool) -> str:
    """An expression on one line; `spaced` puts blanks around `+` and `-`."""
    return " ".join(text for _, text in expression(node, spaced=spaced))


def expression(node: tree.Expression, *, spaced: bool) -> list[Piece]:
    """An expression in pieces; a line may be broken before `+` and `-` inside a parenthesis."""
    pieces: list[Piece] = []
    at = depth = 0
    text = ""
    for part in _parts(node, spaced):
        if part in {" + ", " - "}:
            pieces.append((at, text))
            at, text = depth, part[1:]
        else:
            text += part
            depth += part.count("(") - part.count(")")
    return [*pieces, (at, text)]


def broken(prefix: str, pieces: Sequence[Piece], end: str = "") -> list[str]:
    """Prefix, expression and end on as few lines as fit, broken at the outermost places."""
    lines = []
    for deepest in range(max(depth for depth, _ in pieces) + 1):
        lines = _filled(prefix, [*pieces[:-1], (pieces[-1][0], pieces[-1][1] + end)], deepest)
        if max(map(len, lines)) <= WIDTH:
            break
    return lines


def _filled(prefix: str, pieces: Sequence[Piece], deepest: int) -> list[str]:
    """Lines filled with the pieces, broken inside one to `deepest` parentheses."""
    chunks: list[str] = []
    for depth, text in pieces:
        if chunks and not 1 <= depth <= deepest:
            chunks[-1] += f" {text}"
        else:
            chunks.append(text)
    lines, line = [], prefix
    columns: list[int] = []  # of the parentheses that are open
    for i, chunk in enumerate(chunks):
        if i and len(line) + 1 + len(chunk) > WIDTH:
            lines.append(line)
            line = " " * min(columns[-1] + 1, _WIDEST_INDENT)
        elif i:
            line += " "
        for column, character in enumerate(chunk, len(line)):
            if character == "(":
                columns.append(column)
            elif character == ")":
                columns.pop()
        line += chunk
    return [*lines, line]


def _parts(node: tree.Expression, spaced: bool) -> Iterator[str]:
    match node:
        case tree.Number(text=text) | tree.Name(id=text):
            yield text
        case tree.Dot():
            yield "."
        case tree.Negative(operand=operand):
            yield "-"
            yield from _parts(operand, spaced)
        case tree.Operation(op=op, left=left, right=right):
            yield from _parts(left, spaced)
            yield f" {op} " if spaced and op in "+-" else op
            yield from _parts(right, spaced)
        case tree.Power(base=base, exponent=exponent):
            yield from _parts(base, spaced)
            yield "^"
            yield from _parts(exponent, spaced)
        case tree.Group(inner=inner):
            yield "("
            yield from _parts(inner, spaced)
            yield ")"
        case tree.Call(name=name, argument=argument):
            yield f"{name.id}("
            yield from _parts(argument, spaced)
            yield ")"
        case tree.Lagged(name=name, lag=lag):
            yield f"{name.id}[n{-lag:+d}]" if lag else f"{name.id}[n]"
        case tree.Invalid():
            raise ValueError("what could not be read has no canonical text")
