"""Exact coefficients as Python expressions of local names, with the exact text for a comment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from butcher.coefficient import Coefficient, Number, Polynomial

NameOf = Callable[[str], str]

LARGEST_EXACT_INTEGER = 2**53
LONGEST_FRACTION = 1000
"""From this denominator on, a number that a short decimal gives exactly is shown as one."""


class NotAFloatError(ValueError):
    """A coefficient that is too large or too small for a double."""

    def __init__(self, number: Number) -> None:
        self.number = number
        super().__init__("a coefficient is out of the range of double precision")


@dataclass(frozen=True)
class Expression:
    """A coefficient as Python, without its sign.

    exact     the coefficient as the language spells it, with its sign, if that differs.
    is_sum    whether it needs parentheses as a factor.
    """

    text: str
    negative: bool
    exact: str | None
    is_sum: bool

    @property
    def is_one(self) -> bool:
        return self.text == "1"

    @property
    def factor(self) -> str:
        """As it stands before a `*`."""
        return f"({self.text})" if self.is_sum else self.text

    @property
    def signed(self) -> str:
        if not self.negative:
            return self.text
        return f"-({self.text})" if self.is_sum else f"-{self.text}"


def expression(coefficient: Coefficient, name_of: NameOf) -> Expression:
    """The coefficient in double precision: `0.5`, `1 - k`, `(a - 0.5) / a`."""
    above, below = coefficient.numerator, coefficient.denominator
    negative = all(_is_negative(factor) for _, factor in above.terms)
    if negative:
        above = above.scale(Number.of(-1))
    text = _polynomial(above, name_of)
    is_sum = len(above.terms) > 1
    if not (below.is_number and below.constant == 1):
        over = _polynomial(below, name_of)
        single = len(below.terms) == 1 and " * " not in over
        text = f"{f'({text})' if is_sum else text} / {over if single else f'({over})'}"
        is_sum = False
    return Expression(text, negative, _differing(coefficient), is_sum)


def literal(number: Number) -> str:
    """`|number|` as Python: an integer, or a double with all its digits."""
    size = abs(number)
    if size.is_rational and size.denominator == 1 and size < LARGEST_EXACT_INTEGER:
        return str(size)
    return signed_literal(size)


def signed_literal(number: Number) -> str:
    """The number as a double, such as `-0.1` or `1.0`."""
    value = float(number)
    if abs(value) == float("inf") or (value == 0.0 and number):
        raise NotAFloatError(number)
    return repr(value)


def _polynomial(polynomial: Polynomial, name_of: NameOf) -> str:
    """A sum of products, one that is not negative first."""
    return " ".join(summands(polynomial, name_of))


def summands(polynomial: Polynomial, name_of: NameOf) -> list[str]:
    """Its terms with the operators before them: `1`, `- 0.5 * k`, `+ k**2`."""
    parts: list[str] = []
    for monomial, factor in sorted(polynomial.terms, key=lambda term: _is_negative(term[1])):
        names = [power_text(name_of(v.name), power) for v, power in monomial]
        number = literal(factor)
        product = " * ".join(names if number == "1" and names else [number, *names])
        parts.append(f"{'- ' if _is_negative(factor) else '+ '}{product}")
    first = parts[0]
    parts[0] = first.removeprefix("+ ") if first.startswith("+ ") else f"-{first[2:]}"
    return parts


def joined(signed: Sequence[tuple[bool, str]]) -> str:
    """A sum of (whether negative, addend): `a - b + c`."""
    (negative, first), *rest = signed
    tail = "".join(f" {'-' if minus else '+'} {text}" for minus, text in rest)
    return f"{'-' if negative else ''}{first}{tail}"


def power_text(name: str, power: int) -> str:
    """`h`, `h**2`, and `h[0] ** 2`: formatters keep blanks around what is not a mere name."""
    if power == 1:
        return name
    return f"{name} ** {power}" if "[" in name else f"{name}**{power}"


def _is_negative(number: Number) -> bool:
    return number.sign < 0


def _differing(coefficient: Coefficient) -> str | None:
    """The exact text, if the Python expression rounds or spells a number differently."""
    if coefficient.is_number:
        text = exact_text(coefficient.number)
        return None if text.lstrip("-") == literal(coefficient.number) else text
    polynomials = (coefficient.numerator, coefficient.denominator)
    numbers = [factor for p in polynomials for _, factor in p.terms]
    plain = all(n.is_rational and n.denominator == 1 for n in numbers)
    return None if plain else str(coefficient)


def exact_text(number: Number) -> str:
    """As the language spells it: `(4+94*sqrt(6))/375`, `-1/3`, and `-8.14164` for a decimal."""
    if not number.is_rational or number.denominator < LONGEST_FRACTION:
        return str(number)
    return _decimal(number.fraction) or str(number)


def _decimal(value: Fraction) -> str | None:
    """The exact decimal of a fraction whose denominator has no prime but 2 and 5."""
    twos = fives = 0
    rest = value.denominator
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    digits = max(twos, fives)
    if rest != 1 or digits > 2 * len(str(value.denominator)):
        return None
    text = str(abs(value.numerator) * 10**digits // value.denominator).rjust(digits + 1, "0")
    decimal = f"{'-' if value < 0 else ''}{text[:-digits]}.{text[-digits:]}"
    return decimal if len(decimal) <= len(str(value)) else None


def is_sum(text: str) -> bool:
    """Whether a sign stands in the text outside of parentheses, but not at its head."""
    depth = 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if depth == 0 and c in "+-" and i:
            return True
    return False


def shortened(text: str, width: int) -> str:
    """`text`, cut in the middle of long numbers, and at last of itself, to fit into `width`."""
    exact = text
    for head, tail in ((6, 4), (4, 3)):
        if len(text) > width:
            text = _fewer_digits(exact, head, tail)
    if len(text) > width:
        half = max(width - 3, 8) // 2
        text = f"{text[:half]}...{text[-half:]}"
    return text


def _fewer_digits(text: str, head: int, tail: int) -> str:
    """`128674...6292` for long numbers."""
    pieces: list[str] = []
    digits = ""
    for c in [*text, ""]:
        if c.isdigit():
            digits += c
            continue
        is_long = len(digits) > head + tail + 3
        pieces.append(f"{digits[:head]}...{digits[-tail:]}" if is_long else digits)
        pieces.append(c)
        digits = ""
    return "".join(pieces)
