"""Numbers and answers in the words of a table."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import inf

from butcher.analysis.conditions.ring import Ball
from butcher.coefficient import Number, is_short, shown

TOO_LONG = "it would take too long to compute"
"""How the reason begins that a part is not there because of the work it would take."""

LONGEST = 24
"""Characters of an exact number that a table shows."""

SHORT = 8
"""Characters of a fraction that shows how large it is."""


Row = tuple[str, str]
"""A label and a value; a row without a value is not shown."""


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def yes(answer: bool | None) -> str:
    return "not known" if answer is None else "yes" if answer else "no"


def approximate(value: float | None, digits: int = 6) -> str:
    """In so many digits; `any` for what has no bound."""
    if value is None:
        return ""
    comma = "," if abs(value) < 10**digits else ""
    return "any" if value == inf else f"{value:{comma}.{digits}g}"


def exact(value: Number | Fraction | Ball | float | None) -> str:
    """`5/24`, and of what is no short fraction also its decimals: `2*sqrt(2) = 2.82843`."""
    if value is None or isinstance(value, Ball):
        return "" if value is None else str(value)
    if isinstance(value, float):
        return approximate(value)
    number = Number.of(value)
    text = shown(number, LONGEST)
    if (number.is_rational and number.denominator == 1) or text.startswith("about"):
        return text
    return f"{text} = {approximate(float(number))}" if not number.is_rational else text


def end(value: Number | float) -> str:
    """The end of an interval, or a limit."""
    return "infinity" if value == inf else exact(value)


def interval(value: Number | float | None, form: str) -> str:
    """`(-2, 0)` from the form `(-{}, 0)`; `empty`, or with its decimals behind it."""
    if value is None or value == 0:
        return "" if value is None else "empty"
    if isinstance(value, Number) and not (value.is_rational and len(str(value)) < SHORT):
        return f"{form.format(shown(value, LONGEST))}, about {approximate(float(value))}"
    return form.format(end(value))


def order_of(order: float, constant: Number | float | None) -> str:
    if order == inf:
        return "none"
    return f"order {order}" + (f", constant {exact(constant)}" if constant is not None else "")


def polynomial(factors: Sequence[Number], variable: str) -> str:
    """`1 + z + 1/2 z^2`, constant first; a long factor in six digits."""
    parts: list[str] = []
    for power, factor in enumerate(factors):
        if not factor:
            continue
        name = "" if not power else variable if power == 1 else f"{variable}^{power}"
        negative = factor.sign < 0
        absolute = -factor if negative else factor
        size = str(absolute) if is_short(absolute, LONGEST) else _six_digits(absolute)
        size = f"({size})" if name and "sqrt" in size and any(c in size for c in "+-") else size
        term = name if name and size == "1" else f"{size} {name}".strip()
        sign = "-" if negative else "+" if parts else ""
        parts.append(f"{sign} {term}" if parts else f"{sign}{term}")
    return " ".join(parts) or "0"


def _six_digits(number: Number) -> str:
    """Or its power of ten, where it is outside the range of doubles."""
    value = float(number)
    if value and value < inf:
        return f"{value:.6g}"
    return shown(number, LONGEST).removeprefix("about ")
