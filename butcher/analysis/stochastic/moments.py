"""Moments of drawn symbols, and expectations of what is made of them. Exact.

    bernoulli(p)     E x^k = p
    uniform(a, b)    E x^k = (a^k + a^(k-1) b + ... + b^k) / (k+1)
    normal(m, s)     E x^k = sum_j C(k, 2j) (2j-1)!! s^(2j) m^(k-2j)

Parameters stay symbols. Different symbols are drawn independently of each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb, prod

from butcher.analysis.limits import UndefinedError
from butcher.coefficient import Coefficient, Polynomial
from butcher.ir.graph import Graph
from butcher.spec.symbol import Distribution, Symbol

_ONE = Coefficient.of(1)
_NONE = Coefficient.of(0)


@dataclass(frozen=True)
class Draw:
    """One drawn symbol.

    per        sample or batch: what has the same draw.
    redrawn    whether the backward pass draws it again.
    mean, variance, third    the last is the third central moment.
    """

    symbol: str
    distribution: str
    per: str
    redrawn: bool
    mean: Coefficient
    variance: Coefficient
    third: Coefficient


class Drawn:
    """The drawn symbols that the rows of a graph hold."""

    def __init__(self, graph: Graph) -> None:
        self.symbols: dict[str, tuple[Symbol, Distribution]] = {
            symbol.name: (symbol, symbol.distribution)
            for symbol in graph.symbols
            if symbol.kind == "random"
            and symbol.distribution is not None
            and symbol.name in graph.names
        }

    def __contains__(self, name: str) -> bool:
        return name in self.symbols

    def within(self, coefficient: Coefficient) -> bool:
        """Whether it is random."""
        return not coefficient.names.isdisjoint(self.symbols)

    def draws(self) -> tuple[Draw, ...]:
        return tuple(_draw(symbol, shape) for symbol, shape in self.symbols.values())

    def mean(self, coefficient: Coefficient) -> Coefficient:
        """E of a polynomial in the drawn symbols.

        Raises UndefinedError where one of them stands in a divisor.
        """
        if not self.within(coefficient):
            return coefficient
        below = Coefficient(coefficient.denominator)
        if self.within(below):
            name = min(below.names & self.symbols.keys())
            raise UndefinedError(f"{name} is drawn and stands in a divisor")
        above = _NONE
        for monomial, factor in coefficient.numerator.terms:
            rest = tuple((v, power) for v, power in monomial if v.name not in self)
            shapes = ((self.symbols[v.name][1], k) for v, k in monomial if v.name in self)
            term = Coefficient(Polynomial({rest: factor}))
            above = above + prod((moment(shape, k) for shape, k in shapes), start=term)
        return (above / below).rounded(coefficient.radius)

    def covariance(self, one: Coefficient, other: Coefficient) -> Coefficient:
        if not (self.within(one) and self.within(other)):
            return _NONE
        return self.mean(one * other) - self.mean(one) * self.mean(other)

    def third(self, factors: Sequence[Coefficient]) -> Coefficient:
        """E (x - E x)(y - E y)(z - E z)."""
        if not all(map(self.within, factors)):
            return _NONE
        return self.mean(prod((one - self.mean(one) for one in factors), start=_ONE))

    def slopes(self, coefficient: Coefficient) -> Mapping[str, Coefficient] | None:
        """a_i of a_0 + sum_i a_i x_i, those that are not zero; None where it is not affine."""
        zeros = dict.fromkeys(self.symbols, _NONE)
        rest = coefficient.substitute(zeros)
        found, affine = {}, rest
        for name, (symbol, _) in self.symbols.items():
            if slope := coefficient.substitute({**zeros, name: _ONE}) - rest:
                found[name] = slope
                affine = affine + slope * Coefficient.symbol(symbol.variable)
        return found if affine == coefficient else None


def moment(shape: Distribution, k: int) -> Coefficient:
    """E x^k."""
    first, last = shape.arguments[0], shape.arguments[-1]
    if k == 0:
        return _ONE
    match shape.name:
        case "bernoulli":
            return first
        case "uniform":
            powers = (first**i * last ** (k - i) for i in range(k + 1))
            return sum(powers, _NONE) / (k + 1)
        case "normal":
            even = (
                first ** (k - 2 * j) * last ** (2 * j) * (comb(k, 2 * j) * prod(range(1, 2 * j, 2)))
                for j in range(k // 2 + 1)
            )
            return sum(even, _NONE)


def _draw(symbol: Symbol, shape: Distribution) -> Draw:
    one, two, three = (moment(shape, k) for k in (1, 2, 3))
    return Draw(
        symbol.name,
        f"{shape.name}({', '.join(map(str, shape.arguments))})",
        symbol.scope,
        symbol.redrawn_backward,
        one,
        two - one**2,
        three - one * two * 3 + one**3 * 2,
    )


HALF = Coefficient.of(Fraction(1, 2))
