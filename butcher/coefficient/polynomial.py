"""Polynomials and rational functions of named symbols, with exact numbers as coefficients.

`Coefficient` is what stands in a cell of a table or before a stage: `h/2`, `1 - 1/(2*a)`,
`(4+94*sqrt(6))/375`. Two are equal if they are equal as functions (by cross-multiplication).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from butcher.coefficient.budget import spend
from butcher.coefficient.number import ONE, ZERO, Number

LARGEST_TERMS = 256


class ExpressionTooLargeError(ValueError):
    """A polynomial of more than 256 terms: no coefficient of a method is like that."""


@dataclass(frozen=True, slots=True, order=True)
class Variable:
    """A symbol in a coefficient. Its start value bounds roundings and decides zero divisors."""

    name: str
    start: Number = field(compare=False)


Monomial = tuple[tuple[Variable, int], ...]


class Polynomial:
    """A sum of monomials in variables; immutable, hashable."""

    __slots__ = ("terms",)

    terms: tuple[tuple[Monomial, Number], ...]
    """Sorted: lower total degree first, then by names. No zeros."""

    def __init__(self, terms: Mapping[Monomial, Number]):
        if len(terms) > LARGEST_TERMS:
            raise ExpressionTooLargeError(len(terms))
        if len(terms) > 1:
            spend(len(terms), 0)
        self.terms = tuple(
            sorted(
                ((m, c) for m, c in terms.items() if c),
                key=lambda term: (sum(power for _, power in term[0]), term[0]),
            )
        )

    @classmethod
    def number(cls, value: Number) -> Polynomial:
        return cls({(): value} if value else {})

    def __add__(self, other: Polynomial) -> Polynomial:
        total = dict(self.terms)
        for monomial, factor in other.terms:
            total[monomial] = total[monomial] + factor if monomial in total else factor
        return Polynomial(total)

    def __mul__(self, other: Polynomial) -> Polynomial:
        if len(self.terms) * len(other.terms) > LARGEST_TERMS**2 // 4:
            raise ExpressionTooLargeError(len(self.terms) * len(other.terms))
        if len(self.terms) > 1 and len(other.terms) > 1:
            spend(len(self.terms) * len(other.terms), 0)
        total: dict[Monomial, Number] = {}
        for left, a in self.terms:
            for right, b in other.terms:
                monomial = _product(left, right)
                total[monomial] = total[monomial] + a * b if monomial in total else a * b
        return Polynomial(total)

    def scale(self, factor: Number) -> Polynomial:
        return Polynomial({m: c * factor for m, c in self.terms})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Polynomial):
            return NotImplemented
        return self.terms == other.terms

    def __hash__(self) -> int:
        return hash(self.terms)

    @property
    def is_number(self) -> bool:
        return all(not monomial for monomial, _ in self.terms)

    @property
    def constant(self) -> Number:
        """The term without variables."""
        return self.terms[0][1] if self.terms and not self.terms[0][0] else ZERO

    @property
    def variables(self) -> frozenset[Variable]:
        return frozenset(v for monomial, _ in self.terms for v, _ in monomial)

    def evaluate(self, value: Callable[[Variable], Number]) -> Number:
        total = ZERO
        for monomial, factor in self.terms:
            for variable, power in monomial:
                factor = factor * value(variable) ** power
            total = total + factor
        return total

    def __str__(self) -> str:
        """As the language reads it, lowest degree first: `1-2*a+a^2`."""
        if not self.terms:
            return "0"
        parts: list[str] = []
        for monomial, factor in self.terms:
            names = [v.name if p == 1 else f"{v.name}^{p}" for v, p in monomial]
            single = len(factor.terms) == 1
            negative = single and factor.terms[0][1] < 0
            size = -factor if negative else factor
            number = str(size) if single else f"({size})"
            factors = names if size == ONE and names else [number, *names]
            sign = "-" if negative else "+" if parts else ""
            parts.append(sign + "*".join(factors))
        return "".join(parts)


def _product(left: Monomial, right: Monomial) -> Monomial:
    if not left or not right:
        return left or right
    powers = dict(left)
    for variable, power in right:
        powers[variable] = powers.get(variable, 0) + power
    return tuple(sorted(powers.items()))


def content(polynomials: Iterable[Polynomial]) -> dict[Variable, int]:
    """The highest power of each variable that divides every term."""
    common: dict[Variable, int] | None = None
    for polynomial in polynomials:
        for monomial, _ in polynomial.terms:
            powers = dict(monomial)
            if common is None:
                common = powers
            else:
                common = {v: min(p, powers[v]) for v, p in common.items() if v in powers}
            if not common:
                return {}
    return common or {}


def divided(polynomial: Polynomial, by: Mapping[Variable, int], factor: Number) -> Polynomial:
    terms: dict[Monomial, Number] = {}
    if len(polynomial.terms) > 1:
        spend(3 * len(polynomial.terms), 0)
    for monomial, number in polynomial.terms:
        rest = tuple((v, p - by.get(v, 0)) for v, p in monomial if p > by.get(v, 0))
        terms[rest] = number * factor
    return Polynomial(terms)


UNIT = Polynomial.number(ONE)
