"""The least change of what stands in a cell that gives it another value.

In an expression every literal stands once, so the value that a literal would have to have follows
from the value of the whole by undoing one operation after the other: of `(4+94*sqrt(6))/375` there
are three literals, and so three ways to mend it with one number, beside other signs and operators.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from butcher.analysis.entry import Entry
from butcher.coefficient import Number
from butcher.coefficient.number import LARGEST_RADICAND
from butcher.compiler.literals import LONGEST, as_decimal, distance, near, oddness, plain
from butcher.compiler.reading import OPERATIONS, Reader
from butcher.frontend import tree
from butcher.source import Span


class Spelling(NamedTuple):
    """A text, and how far it is from the one that stands there, in changed characters."""

    text: str
    distance: int


class Speller(Reader):
    """A reader that also says what should stand there instead."""

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
            if wanted.value and wanted.may_be(-self.value(root)) and not whole.startswith("-"):
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
                if first and wanted.may_be(-self.value(at)):
                    yield at.span, f"-{at.id}", 1
            case tree.Group():
                yield from self._changes(at.inner, wanted, True)
            case tree.Negative():
                if wanted.may_be(self.value(at.operand)):
                    yield at.span, self.text(at.operand.span), 1
                yield from self._changes(at.operand, wanted.times(-1), False)
            case tree.Operation():
                yield from self._operation(at, wanted, first)
            case tree.Call():
                inner = self.value(at.argument)
                if wanted.may_be(inner):
                    yield at.span, self.text(at.argument.span), 1
                if first and wanted.may_be(-self.value(at)):
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
        if (other != "/" or right) and wanted.may_be(OPERATIONS[other](left, right)):
            yield at.sign, other, 1
        if at.op == "/" and left and wanted.may_be(right / left):
            yield at.span, f"{self.text(at.right.span)}/{self.text(at.left.span)}", 2
        new_left, new_right = _sides(at.op, left, right, wanted)
        if new_left is not None:
            yield from self._changes(at.left, new_left, first)
        if new_right is not None:
            yield from self._changes(at.right, new_right, False)


def _sides(
    op: str, left: Number, right: Number, wanted: Entry
) -> tuple[Entry | None, Entry | None]:
    """What either side alone would have to be, where that is a number."""
    match op:
        case "+":
            return wanted - Entry(right), wanted - Entry(left)
        case "-":
            return wanted + Entry(right), Entry(left) - wanted
        case "*":
            return _over(wanted, right), _over(wanted, left)
    return wanted.product(Entry(right)), _under(left, wanted)


def _over(one: Entry, number: Number) -> Entry | None:
    return one.product(Entry(number.inverse())) if number else None


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
    if first and value and wanted.may_be(Number.of(-value)):
        yield at.span, f"-{at.text}", 1
    if 1 < value <= LARGEST_RADICAND:
        root = Number.sqrt(value)
        if wanted.may_be(root):
            yield at.span, f"sqrt({at.text})", 1
        elif first and wanted.may_be(-root):
            yield at.span, f"-sqrt({at.text})", 2
    if wanted.radius:
        for text in _one_digit(at.text):
            if wanted.may_be(Number.of(Fraction(text))):
                yield at.span, text, 1
    if not wanted.value.is_rational and not wanted.radius:
        return
    sign = "-" if wanted.value.sign < 0 else ""
    if sign and not first:
        return
    positive = wanted.times(-1) if sign else wanted
    new = _literal(positive, at.text)
    if new is not None and new != at.text:
        yield at.span, sign + new, distance(at.text, new) + len(sign)


def _literal(wanted: Entry, like: str) -> str | None:
    """An integer, or where there was a decimal, a decimal; None if it is none."""
    if "." in like:
        return as_decimal(wanted, len(like.partition(".")[2]))
    nearest = round(near(wanted))
    return str(nearest) if wanted.may_be(Number.of(nearest)) else None


def _one_digit(text: str) -> Iterator[str]:
    for place, old in enumerate(text):
        if old.isdigit():
            for new in "0123456789":
                if new != old:
                    yield text[:place] + new + text[place + 1 :]
