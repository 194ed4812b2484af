"""What stands in a cell, and the least change of its text that gives another value.

In an expression every literal stands once, so the value that a literal would have to have follows
from the value of the whole by undoing one operation after the other: of `(4+94*sqrt(6))/375` there
are three literals, and so three ways to mend it with one number, beside other signs and operators.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from butcher.analysis.entry import Entry
from butcher.coefficient import ZERO, Number
from butcher.coefficient.number import LARGEST_RADICAND
from butcher.compiler.literals import LONGEST, as_decimal, distance, near, oddness, plain
from butcher.frontend import tree
from butcher.source import Source, Span
from butcher.spec.expression import tower


class Spelling(NamedTuple):
    """A text, and how far it is from the one that stands there, in changed characters."""

    text: str
    distance: int


class Speller:
    """The expressions of one file.

    values   what names stand for: constants, and the start values of symbols.
    """

    def __init__(self, source: Source, values: Mapping[str, Number]) -> None:
        self.source, self.values = source, values

    def text(self, span: Span) -> str:
        """What stands there."""
        if span.line == span.end_line:
            return self.source.line(span.line)[span.column - 1 : span.end_column - 1]
        first = self.source.line(span.line)[span.column - 1 :]
        between = [self.source.line(n) for n in range(span.line + 1, span.end_line)]
        last = self.source.line(span.end_line)[: span.end_column - 1]
        return " ".join(part.strip() for part in (first, *between, last))

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
                return _OPERATIONS[at.op](self.value(at.left), self.value(at.right))
            case tree.Power():
                return self.value(at.base) ** tower(at.exponent)
            case tree.Call() if at.name.id == "sqrt":
                return Number.sqrt(self.value(at.argument).fraction)
        raise LookupError(at)

    def names(self, at: tree.Expression | None) -> Iterator[str]:
        """The names in an expression."""
        match at:
            case tree.Name():
                yield at.id
            case tree.Group():
                yield from self.names(at.inner)
            case tree.Negative():
                yield from self.names(at.operand)
            case tree.Operation():
                yield from self.names(at.left)
                yield from self.names(at.right)
            case tree.Power():
                yield from self.names(at.base)

    # ------------------------------------------------------------------ other values

    def nearest(self, at: tree.Expression | None, wanted: Entry) -> Spelling:
        """The text of the value wanted that is nearest to the one that stands there."""
        if at is None or isinstance(at, tree.Dot):
            text = plain(wanted)
            return Spelling(text, len(text) + 1)
        text = self.text(at.span)
        found = [] if len(text) > LONGEST else list(self._slips(at, wanted))
        if not any(one.distance == 1 for one in found):
            found.append(self._anew(at, text, wanted))
        return min(found, key=lambda one: (one.distance, oddness(one.text)))

    def _anew(self, at: tree.Expression, text: str, wanted: Entry) -> Spelling:
        """Written anew, in the manner of what stands there."""
        inner = at.operand if isinstance(at, tree.Negative) else at
        found = [plain(wanted)]
        if isinstance(inner, tree.Number) and "." in inner.text:
            places = len(inner.text.partition(".")[2])
            decimal = as_decimal(wanted, places)
            found += [decimal] if decimal is not None else []
        best = min(found, key=lambda new: distance(text, new))
        return Spelling(best, max(2, distance(text, best)))

    def _slips(self, root: tree.Expression, wanted: Entry) -> Iterator[Spelling]:
        """The texts with one part changed."""
        if root.span.line != root.span.end_line:
            return
        whole, start = self.text(root.span), root.span.column
        try:
            if wanted.value and _is(wanted, -self.value(root)) and not whole.startswith("-"):
                is_sum = isinstance(root, tree.Operation) and root.op in "+-"
                yield Spelling(f"-({whole})" if is_sum else f"-{whole}", 1)
            for span, text, cost in self._changes(root, wanted, True):
                left, right = span.column - start, span.end_column - start
                yield Spelling(whole[:left] + text + whole[right:], cost)
        except (LookupError, ValueError, ZeroDivisionError):
            return

    def _changes(
        self, at: tree.Expression, wanted: Entry, first: bool
    ) -> Iterator[tuple[Span, str, int]]:
        """(place, what to write there, its distance), for the expression to be `wanted`.

        first   whether a sign may stand before it.
        """
        match at:
            case tree.Number():
                yield from _literals(at, wanted, first)
            case tree.Name():
                if first and _is(wanted, -self.value(at)):
                    yield at.span, f"-{at.id}", 1
            case tree.Group():
                yield from self._changes(at.inner, wanted, True)
            case tree.Negative():
                if _is(wanted, self.value(at.operand)):
                    yield at.span, self.text(at.operand.span), 1
                yield from self._changes(at.operand, _negative(wanted), False)
            case tree.Operation():
                yield from self._operation(at, wanted, first)
            case tree.Call():
                inner = self.value(at.argument)
                if _is(wanted, inner):
                    yield at.span, self.text(at.argument.span), 1
                if first and _is(wanted, -self.value(at)):
                    yield at.span, f"-{self.text(at.span)}", 1
                if wanted.value.sign >= 0:
                    size = wanted.value.magnitude()
                    square = Entry(wanted.value**2, wanted.radius * (2 * size + wanted.radius))
                    yield from self._changes(at.argument, square, False)

    def _operation(
        self, at: tree.Operation, wanted: Entry, first: bool
    ) -> Iterator[tuple[Span, str, int]]:
        left, right = self.value(at.left), self.value(at.right)
        other = {"+": "-", "-": "+", "*": "/", "/": "*"}[at.op]
        if (other != "/" or right) and _is(wanted, _OPERATIONS[other](left, right)):
            yield at.sign, other, 1
        if at.op == "/" and left and _is(wanted, right / left):
            yield at.span, f"{self.text(at.right.span)}/{self.text(at.left.span)}", 2
        sides: tuple[Entry | None, Entry | None]
        if at.op == "+":
            sides = _plus(wanted, -right), _plus(wanted, -left)
        elif at.op == "-":
            sides = _plus(wanted, right), _plus(_negative(wanted), left)
        elif at.op == "*":
            sides = _over(wanted, right), _over(wanted, left)
        else:
            sides = _times(wanted, right), _under(left, wanted)
        if sides[0] is not None:
            yield from self._changes(at.left, sides[0], first)
        if sides[1] is not None:
            yield from self._changes(at.right, sides[1], False)


_OPERATIONS = {
    "+": Number.__add__,
    "-": Number.__sub__,
    "*": Number.__mul__,
    "/": Number.__truediv__,
}


def _is(wanted: Entry, value: Number) -> bool:
    return wanted.may_be(value)


def _plus(one: Entry, number: Number) -> Entry:
    return Entry(one.value + number, one.radius)


def _negative(one: Entry) -> Entry:
    return Entry(-one.value, one.radius)


def _times(one: Entry, number: Number) -> Entry:
    return Entry(one.value * number, one.radius * number.magnitude())


def _over(one: Entry, number: Number) -> Entry | None:
    return _times(one, number.inverse()) if number else None


def _under(number: Number, one: Entry) -> Entry | None:
    """number / one."""
    if not one.value or not number:
        return None
    inverse = one.value.inverse()
    return Entry(number * inverse, one.radius * number.magnitude() * inverse.magnitude() ** 2)


# ---------------------------------------------------------------------- literals


def _literals(at: tree.Number, wanted: Entry, first: bool) -> Iterator[tuple[Span, str, int]]:
    """Other literals in its place, a sign before it, or a root around it."""
    value = Fraction(at.text)
    if first and value and _is(wanted, Number.of(-value)):
        yield at.span, f"-{at.text}", 1
    if 1 < value <= LARGEST_RADICAND:
        root = Number.sqrt(value)
        if _is(wanted, root):
            yield at.span, f"sqrt({at.text})", 1
        elif first and _is(wanted, -root):
            yield at.span, f"-sqrt({at.text})", 2
    if wanted.radius:
        for text in _one_digit(at.text):
            if _is(wanted, Number.of(Fraction(text))):
                yield at.span, text, 1
    if not wanted.value.is_rational and not wanted.radius:
        return
    sign = "-" if wanted.value.sign < 0 else ""
    if sign and not first:
        return
    positive = _negative(wanted) if sign else wanted
    new = _literal(positive, at.text)
    if new is not None and new != at.text:
        yield at.span, sign + new, distance(at.text, new) + len(sign)


def _literal(wanted: Entry, like: str) -> str | None:
    """An integer, or where there was a decimal, a decimal; None if it is none."""
    if "." in like:
        return as_decimal(wanted, len(like.partition(".")[2]))
    nearest = round(near(wanted))
    return str(nearest) if _is(wanted, Number.of(nearest)) else None


def _one_digit(text: str) -> Iterator[str]:
    for place, old in enumerate(text):
        if old.isdigit():
            for new in "0123456789":
                if new != old:
                    yield text[:place] + new + text[place + 1 :]
