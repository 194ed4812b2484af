"""What stands at a place of a file, as text and as a number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from butcher.coefficient import ZERO, Number
from butcher.frontend import tree
from butcher.source import Source, Span
from butcher.spec.expression import tower

OPERATIONS = {
    "+": Number.__add__,
    "-": Number.__sub__,
    "*": Number.__mul__,
    "/": Number.__truediv__,
}


def text_at(source: Source, span: Span) -> str:
    """What stands there, on one line."""
    if span.line == span.end_line:
        return source.line(span.line)[span.column - 1 : span.end_column - 1]
    first = source.line(span.line)[span.column - 1 :]
    between = [source.line(n) for n in range(span.line + 1, span.end_line)]
    last = source.line(span.end_line)[: span.end_column - 1]
    return " ".join(part.strip() for part in (first, *between, last))


def parts(at: tree.Expression) -> tuple[tree.Expression, ...]:
    """What an expression is made of."""
    match at:
        case tree.Operation():
            return at.left, at.right
        case tree.Negative():
            return (at.operand,)
        case tree.Group():
            return (at.inner,)
        case tree.Power():
            return (at.base,)
        case tree.Call():
            return (at.argument,)
    return ()


def names(at: tree.Expression) -> Iterator[str]:
    """The names of numbers in an expression."""
    if isinstance(at, tree.Name):
        yield at.id
    for part in parts(at):
        yield from names(part)


class Reader:
    """The expressions of one file.

    values   what names stand for: constants, and the start values of symbols.
    """

    def __init__(self, source: Source, values: Mapping[str, Number]) -> None:
        self.source, self.values = source, values

    def text(self, span: Span) -> str:
        return text_at(self.source, span)

    def value(self, at: tree.Expression) -> Number:
        """The number that an expression is. Raises LookupError for what is none."""
        match at:
            case tree.Number():
                return Number.of(Fraction(at.text))
            case tree.Dot():
                return ZERO
            case tree.Name():
                return self.values[at.id]
            case tree.Group():
                return self.value(at.inner)
            case tree.Negative():
                return -self.value(at.operand)
            case tree.Operation():
                return OPERATIONS[at.op](self.value(at.left), self.value(at.right))
            case tree.Power():
                return self.value(at.base) ** tower(at.exponent)
            case tree.Call() if at.name.id == "sqrt":
                return Number.sqrt(self.value(at.argument).fraction)
        raise LookupError(at)
