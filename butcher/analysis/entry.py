"""A coefficient as the proofs take it: free of h, at the start values of the other symbols."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import isqrt
from typing import NamedTuple

from butcher.coefficient import ONE, ZERO, Coefficient, Number, Polynomial, shown
from butcher.ir.graph import Graph
from butcher.ir.steps import is_step

CHANCE = 10**6


class NotHomogeneousError(ValueError):
    """The coefficient is not a number times the wanted power of h."""


class Entry(NamedTuple):
    """A number and the bound of what it was rounded by, 0 where it is exact."""

    value: Number
    radius: Fraction = Fraction(0)

    def __add__(self, other: Entry) -> Entry:  # type: ignore[override]
        return Entry(self.value + other.value, self.radius + other.radius)

    def __sub__(self, other: Entry) -> Entry:
        return Entry(self.value - other.value, self.radius + other.radius)

    def times(self, factor: int) -> Entry:
        return Entry(self.value * factor, self.radius * abs(factor))

    def product(self, other: Entry) -> Entry:
        """|xy - ab| <= |a| s + |b| r + r s for |x-a| <= r, |y-b| <= s."""
        value = self.value * other.value
        if not self.radius and not other.radius:
            return Entry(value)
        first = self.value.magnitude() * other.radius
        second = (other.value.magnitude() + other.radius) * self.radius
        return Entry(value, first + second)

    @property
    def meant(self) -> Entry:
        """The short fraction that a rounded decimal looks like: 1/3 of 0.3333333333333333.

        Itself where it is exact, or like none that it would be near by chance once in CHANCE.
        """
        if not self.radius or not self.value.is_rational:
            return self
        longest = isqrt(int(1 / (2 * CHANCE * self.radius)))
        near = self.value.fraction.limit_denominator(max(1, longest))
        return Entry(Number.of(near)) if longest and self.may_be(Number.of(near)) else self

    def may_be(self, value: Number | int) -> bool:
        """Whether it is the value, to within its rounding."""
        return abs(self.value - value) <= self.radius if self.radius else self.value == value


NOTHING = Entry(ZERO)


def total(entries: Iterable[Entry]) -> Entry:
    found = NOTHING
    for entry in entries:
        found = found + entry
    return found


def entry(coefficient: Coefficient, power: int) -> Entry:
    """The number r in coefficient = r h^power, all symbols but the steps at their start values.

    Where every row has a step of its own, all of them are this h: order is for one h.

    Raises NotHomogeneousError if it is not of this form, ZeroDivisionError at a pole.
    """
    above, below = _in_h(coefficient.numerator), _in_h(coefficient.denominator)
    if not below:
        raise ZeroDivisionError("a coefficient has a pole at the start values of its symbols")
    if not above:
        return Entry(ZERO, coefficient.radius)
    lowest = min(below)
    ratio = above.get(lowest + power, ZERO)
    if len(below) == 1 and below[lowest] == ONE:  # as nearly always
        shifted = {lowest + power: ratio}
    else:
        ratio = ratio / below[lowest]
        shifted = {exponent + power: ratio * factor for exponent, factor in below.items()}
    if not ratio or shifted != above:
        raise NotHomogeneousError(shown(coefficient))
    return Entry(ratio, _without_h(coefficient, power) if coefficient.radius else Fraction(0))


def means(graph: Graph) -> dict[str, Coefficient]:
    """What drawn symbols are in evaluation, over the other symbols."""
    return {
        symbol.name: symbol.distribution.mean
        for symbol in graph.symbols
        if symbol.kind == "random" and symbol.distribution is not None
    }


def _in_h(polynomial: Polynomial) -> dict[int, Number]:
    """exponent of h -> factor, the other symbols at their start values; no zeros."""
    found: dict[int, Number] = {}
    for monomial, factor in polynomial.terms:
        exponent = 0
        for variable, power in monomial:
            if is_step(variable.name):
                exponent += power
            else:
                factor = factor * variable.start**power
        found[exponent] = found.get(exponent, ZERO) + factor
    return {exponent: factor for exponent, factor in found.items() if factor}


def _without_h(coefficient: Coefficient, power: int) -> Fraction:
    """The radius, which is one at the start value of h, of what h^power multiplies."""
    starts = (v.start for v in coefficient.variables if is_step(v.name) and v.start)
    start = next(starts, ONE)
    if start == ONE or not power:  # as nearly always
        return coefficient.radius
    return coefficient.radius * (abs(start) ** -power).magnitude()
