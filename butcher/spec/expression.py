"""Exact values of expressions: a syntax tree in, a coefficient out, or an error at its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from butcher.coefficient import (
    BudgetExceededError,
    Coefficient,
    ExpressionTooLargeError,
    Number,
    RadicandTooLargeError,
    shown,
)
from butcher.errors import Diagnostic, error
from butcher.frontend import tree
from butcher.source import Span
from butcher.spec.report import Report, nearest

LARGEST_BITS = 3330  # a little over 1,000 decimal digits
MOST_SURDS = 6
MOST_ARITHMETIC = 100_000
"""What the coefficients of a file may cost, in units of the budget: a quarter of a second. The
largest methods that are shipped need 10,000."""


def too_much(problem: BudgetExceededError | ExpressionTooLargeError, span: Span) -> Diagnostic:
    """Coefficients that are too many, too long, or made of too many terms."""
    if isinstance(problem, ExpressionTooLargeError):
        return error("B245", span, "a coefficient multiplies out to more than 256 terms, the limit")
    return error(
        "B249",
        span,
        "the coefficients of this file take too long to compute",
        "Use fewer or shorter numbers, and fewer symbols and roots in one coefficient.",
    )


class Arithmetic:
    """Evaluates expressions without stages or states; shared by all of a file's cells.

    lookup   what a name stands for; None (reported) if it cannot stand here.
    rounded  decimals of this many significant digits or more are rounded in their last place.
    """

    def __init__(
        self, report: Report, rounded: int, lookup: Callable[[tree.Name], Coefficient | None]
    ) -> None:
        self.report = report
        self.rounded = rounded
        self.lookup = lookup
        self._field = {1}
        self.place: Span | None = None
        """Where was computed last."""

    def value(self, expression: tree.Expression) -> Coefficient | None:
        """The coefficient, or None after an error (reported here, or an `Invalid` before)."""
        match expression:
            case tree.Number():
                return literal(expression.text, self.rounded)
            case tree.Dot():
                return Coefficient.of(0)
            case tree.Name():
                return self.lookup(expression)
            case tree.Group():
                return self.value(expression.inner)
            case tree.Negative():
                operand = self.value(expression.operand)
                return None if operand is None else -operand
            case tree.Operation():
                return self._operation(expression)
            case tree.Power():
                return self.power(expression)
            case tree.Call():
                return self._call(expression)
            case tree.Lagged() | tree.Invalid():
                return None  # reported by the parser

    def _operation(self, expression: tree.Operation) -> Coefficient | None:
        left, right = self.value(expression.left), self.value(expression.right)
        if left is None or right is None:
            return None
        return self.combined(expression.op, left, right, expression)

    def combined(
        self, op: str, left: Coefficient, right: Coefficient, at: tree.Operation
    ) -> Coefficient | None:
        """left op right, within the limits."""
        if op == "/" and not self.divisible(right, at.right.span):
            return None
        return self.within_limits(at.span, lambda: _OPERATIONS[op](left, right))

    def divisible(self, divisor: Coefficient, span: Span) -> bool:
        """Whether one can divide by it, also at the start values of its symbols."""
        try:
            if divisor and divisor.start().sign:
                divisor.inverse()
                return True
        except ZeroDivisionError:
            pass
        if not divisor:
            message, hint = "division by zero", None
        elif not divisor.is_number:
            message = f"the divisor {shown(divisor)} is zero at its start value"
            hint = "Start somewhere else, or divide by something that is not zero there."
        else:
            message = "the divisor may be zero within its rounding"
            hint = "Write the exact number."
        self.report.error("B207", span, message, hint)
        return False

    def power(self, expression: tree.Power) -> Coefficient | None:
        """base^exponent; the exponent is an integer literal or a tower of them."""
        base = self.value(expression.base)
        exponent = tower(expression.exponent)
        if base is None:
            return None
        if exponent == 0 and not base:
            self.report.error("B207", expression.span, "0^0 has no value")
            return None
        bits = max((_bits(number) for _, number in base.numerator.terms), default=1)
        if bits * exponent > 4 * LARGEST_BITS:
            self._too_long(expression.span)
            return None
        return self.within_limits(expression.span, lambda: base**exponent)

    def _call(self, call: tree.Call) -> Coefficient | None:
        if call.name.id != "sqrt":
            declared = self.lookup(call.name)
            if declared is not None:
                self.forgotten_star(call)
            return None
        argument = self.value(call.argument)
        return None if argument is None else self.root(argument, call)

    def forgotten_star(self, call: tree.Call) -> None:
        """`k(u[n])` where k is a number."""
        self.report.error(
            "B209",
            call.name.span,
            f"`{call.name.id}` is a number and cannot be applied to something",
            f"A product needs its star: {call.name.id}*(...).",
        )

    def root(self, argument: Coefficient, call: tree.Call) -> Coefficient | None:
        """sqrt of a rational number >= 0, within the limits of the field."""
        span = self.place = call.argument.span
        if not argument.is_number or not argument.number.is_rational:
            what = "a symbol" if not argument.is_number else "another root"
            self.report.error(
                "B211",
                span,
                f"this takes the square root of {what}",
                "Only rational numbers have one here.",
            )
            return None
        if argument.number.sign < 0:
            self.report.error(
                "B211", span, f"this takes the square root of {shown(argument)}, which is negative"
            )
            return None
        try:
            value = Number.sqrt(argument.number.fraction)
        except RadicandTooLargeError:
            self.report.error("B243", span, "this radicand is larger than 10^12, the limit")
            return None
        if not self._enters_field(value, call.span):
            return None
        root = Coefficient.of(value)
        if argument.radius and argument:
            # sqrt(x + e) differs from sqrt(x) by at most e / sqrt(x)
            bound = argument.radius * (Number.of(1) / value).magnitude()
            root = root.rounded(bound)
        return root

    def _enters_field(self, value: Number, span: Span) -> bool:
        """Adjoins the root; more than 6 independent ones are over the limit."""
        for radicand in value.radicands:
            if radicand not in self._field:
                if len(self._field) >= 2**MOST_SURDS:
                    self.report.error(
                        "B244",
                        span,
                        f"this square root is independent of {MOST_SURDS} others, the limit",
                        "Roots of products, such as sqrt(6) beside sqrt(2) and sqrt(3), are free.",
                    )
                    return False
                root = Number({radicand: 1})
                self._field |= {(Number({d: 1}) * root).terms[0][0] for d in self._field}
        return True

    def within_limits(self, span: Span, make: Callable[[], Coefficient]) -> Coefficient | None:
        """The coefficient, if its numbers have at most 1,000 digits and its terms are not many."""
        self.place = span
        try:
            value = make()
        except ExpressionTooLargeError as problem:
            diagnostic = too_much(problem, span)
            self.report.error(diagnostic.code, span, diagnostic.message)
            return None
        if is_too_long(value):
            self._too_long(span)
            return None
        return value

    def _too_long(self, span: Span) -> None:
        self.report.error(
            "B242", span, "this comes out as a number of more than 1,000 digits, the limit"
        )


_OPERATIONS: Mapping[str, Callable[[Coefficient, Coefficient], Coefficient]] = {
    "+": Coefficient.__add__,
    "-": Coefficient.__sub__,
    "*": Coefficient.__mul__,
    "/": Coefficient.__truediv__,
}


def is_too_long(value: Coefficient) -> bool:
    """Whether one of its numbers has more than 1,000 digits above or below the line."""
    numbers = (c for p in (value.numerator, value.denominator) for _, c in p.terms)
    return any(_bits(number) > LARGEST_BITS for number in numbers)


def _bits(number: Number) -> int:
    return max(number.denominator.bit_length(), *(abs(n).bit_length() for _, n in number.terms), 1)


def tower(exponent: tree.Number | tree.Power) -> int:
    """The value of an exponent such as `2^3`; the parser has seen to its size."""
    if isinstance(exponent, tree.Number):
        return int(exponent.text)
    assert isinstance(exponent.base, tree.Number)
    base, power = int(exponent.base.text), tower(exponent.exponent)
    value: int = base**power
    return value


def literal(text: str, rounded: int) -> Coefficient:
    """The number written; a decimal of `rounded` or more significant digits is known to one unit
    in its last place."""
    value = Coefficient.of(Fraction(text))
    mantissa, _, exponent = text.lower().partition("e")
    whole, point, places = mantissa.partition(".")
    if point and len((whole + places).lstrip("0")) >= rounded:
        return value.rounded(Fraction(10) ** (int(exponent or 0) - len(places)))
    return value


def unknown_name(name: tree.Name, known: list[str], report: Report) -> None:
    """Reports a name that means nothing here."""
    hint = nearest(name.id, known)
    state = name.id.removesuffix("_n")
    if (state != name.id and state in known) or name.id == "u_n":
        hint = f"The state is written {state}[n]."
    report.error("B204", name.span, f"unknown name `{name.id}`", hint)
