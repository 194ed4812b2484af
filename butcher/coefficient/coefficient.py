"""What stands before a stage or a state: an exact rational function of the declared symbols."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import lcm

from butcher.coefficient.number import ONE, Number
from butcher.coefficient.polynomial import UNIT, Polynomial, Variable, content, divided

ValueOf = Callable[[Variable], Number]


class Coefficient:
    """numerator / denominator, exact, with the rounding that came in with printed decimals.

    `radius` bounds |the number meant - the number written| at the start values of the symbols:
    zero unless a decimal of 15 or more digits took part. Equality is equality of the functions
    written (by cross-multiplication) and does not look at the radius.
    """

    __slots__ = ("denominator", "numerator", "radius")

    def __init__(
        self,
        numerator: Polynomial,
        denominator: Polynomial = UNIT,
        radius: Fraction = Fraction(0),
    ) -> None:
        if denominator is not UNIT:
            if not denominator.terms:
                raise ZeroDivisionError("division by an exact zero")
            numerator, denominator = _reduced(numerator, denominator)
        self.numerator = numerator
        self.denominator = denominator
        self.radius = radius

    @classmethod
    def of(cls, value: int | Fraction | Number | Coefficient) -> Coefficient:
        if isinstance(value, Coefficient):
            return value
        return cls(Polynomial.number(Number.of(value)))

    @classmethod
    def symbol(cls, variable: Variable) -> Coefficient:
        return cls(Polynomial({((variable, 1),): ONE}))

    def rounded(self, radius: Fraction) -> Coefficient:
        """The same value, known to within `radius` only."""
        return Coefficient(self.numerator, self.denominator, radius)

    # ------------------------------------------------------------------ arithmetic

    def __add__(self, other: Coefficient | int) -> Coefficient:
        other = Coefficient.of(other)
        radius = self.radius + other.radius
        if self.denominator == other.denominator:
            return Coefficient(self.numerator + other.numerator, self.denominator, radius)
        return Coefficient(
            self.numerator * other.denominator + other.numerator * self.denominator,
            self.denominator * other.denominator,
            radius,
        )

    def __neg__(self) -> Coefficient:
        return Coefficient(self.numerator.scale(-ONE), self.denominator, self.radius)

    def __sub__(self, other: Coefficient | int) -> Coefficient:
        return self + -Coefficient.of(other)

    def __mul__(self, other: Coefficient | int) -> Coefficient:
        other = Coefficient.of(other)
        radius = Fraction(0)
        if self.radius or other.radius:
            radius = (
                self.magnitude() * other.radius
                + other.magnitude() * self.radius
                + self.radius * other.radius
            )
        if self.denominator is UNIT and other.denominator is UNIT:
            return Coefficient(self.numerator * other.numerator, UNIT, radius)
        return Coefficient(
            self.numerator * other.numerator, self.denominator * other.denominator, radius
        )

    def inverse(self) -> Coefficient:
        """1 / self. ZeroDivisionError if self is zero, or within its rounding of zero."""
        radius = Fraction(0)
        if self.radius:
            size = (ONE / self.start()).magnitude()  # |1/x|
            slack = 1 - self.radius * size
            if slack <= 0:
                raise ZeroDivisionError("division by a number that may be zero within its rounding")
            radius = self.radius * size * size / slack
        if self.is_number:
            return Coefficient(Polynomial.number(self.number.inverse()), UNIT, radius)
        return Coefficient(self.denominator, self.numerator, radius)

    def __truediv__(self, other: Coefficient | int) -> Coefficient:
        return self * Coefficient.of(other).inverse()

    def __pow__(self, exponent: int) -> Coefficient:
        base = self if exponent >= 0 else self.inverse()
        result = Coefficient.of(1)
        exponent = abs(exponent)
        while exponent:
            if exponent & 1:
                result = result * base
            exponent >>= 1
            if exponent:
                base = base * base
        return result

    __radd__ = __add__
    __rmul__ = __mul__

    def __eq__(self, other: object) -> bool:
        if isinstance(other, int | Fraction | Number):
            other = Coefficient.of(other)
        if not isinstance(other, Coefficient):
            return NotImplemented
        if self.denominator == other.denominator:
            return self.numerator == other.numerator
        return self.numerator * other.denominator == other.numerator * self.denominator

    def __hash__(self) -> int:
        """Equal functions have equal values at one fixed odd point."""
        try:
            return hash(self._value(lambda v: Number.of(zlib.crc32(v.name.encode()) | 1)))
        except ZeroDivisionError:
            return 0

    def __bool__(self) -> bool:
        return bool(self.numerator.terms)

    # ------------------------------------------------------------------ values

    def _value(self, value: ValueOf) -> Number:
        above = self.numerator.evaluate(value)
        if self.denominator is UNIT:
            return above
        return above / self.denominator.evaluate(value)

    def start(self) -> Number:
        """The value at the start values of its symbols. ZeroDivisionError at a pole."""
        return self._value(lambda v: v.start)

    def evaluate(self, values: Mapping[str, Number]) -> Number:
        """The value where symbols have the given values; others keep their start value."""
        return self._value(lambda v: values.get(v.name, v.start))

    def magnitude(self) -> Fraction:
        """An upper bound of the absolute value at the start values."""
        return self.start().magnitude()

    def substitute(self, values: Mapping[str, Coefficient]) -> Coefficient:
        """Each named symbol replaced by a coefficient. The radius stays."""
        if not any(v.name in values for v in self.variables):
            return self
        above = _substituted(self.numerator, values)
        below = _substituted(self.denominator, values)
        return (above / below).rounded(self.radius)

    @property
    def variables(self) -> frozenset[Variable]:
        return self.numerator.variables | self.denominator.variables

    @property
    def names(self) -> frozenset[str]:
        """The names of the symbols it depends on."""
        return frozenset(v.name for v in self.variables)

    @property
    def radicands(self) -> frozenset[int]:
        """The squarefree integers > 1 whose roots occur."""
        numbers = (c for p in (self.numerator, self.denominator) for _, c in p.terms)
        return frozenset(d for number in numbers for d in number.radicands)

    @property
    def is_number(self) -> bool:
        return self.denominator is UNIT and self.numerator.is_number

    @property
    def number(self) -> Number:
        """The exact value of a coefficient without symbols."""
        if not self.is_number:
            raise ValueError(f"{self} depends on {', '.join(sorted(self.names))}")
        return self.numerator.constant

    def power_of(self, name: str) -> int:
        """The largest power of the symbol that divides it as a factor (negative: as divisor)."""
        above = {v.name: p for v, p in content([self.numerator]).items()}
        below = {v.name: p for v, p in content([self.denominator]).items()}
        return above.get(name, 0) - below.get(name, 0)

    def __str__(self) -> str:
        """As the language reads it: `1/2*h`, `(-1+2*a)/(2*a)`."""
        if self.denominator is UNIT:
            return str(self.numerator)
        numbers = [c for p in (self.numerator, self.denominator) for _, c in p.terms]
        whole = Number.of(lcm(*(c.denominator for c in numbers)))
        above, below = self.numerator.scale(whole), self.denominator.scale(whole)
        first = f"({above})" if len(above.terms) > 1 else str(above)
        only = below.terms[0]
        single = len(below.terms) == 1 and only[1] == ONE and len(only[0]) == 1
        return f"{first}/{below}" if single else f"{first}/({below})"

    def __repr__(self) -> str:
        return f"Coefficient({self})"


def _reduced(above: Polynomial, below: Polynomial) -> tuple[Polynomial, Polynomial]:
    """Without common monomials, the first term below the line with factor 1, UNIT if constant."""
    common = content([above, below])
    factor = below.terms[0][1].inverse()
    above, below = divided(above, common, factor), divided(below, common, factor)
    if below.is_number:
        return above, UNIT
    if above.terms and len(above.terms) == len(below.terms):
        ratio = above.terms[0][1]
        if above == below.scale(ratio):
            return Polynomial.number(ratio), UNIT
    return above, below


def _substituted(polynomial: Polynomial, values: Mapping[str, Coefficient]) -> Coefficient:
    total = Coefficient.of(0)
    for monomial, factor in polynomial.terms:
        term = Coefficient.of(factor)
        for variable, power in monomial:
            base = (
                values[variable.name] if variable.name in values else Coefficient.symbol(variable)
            )
            term = term * base**power
        total = total + term
    return total
