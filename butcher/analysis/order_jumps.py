"""The values of a symbol for which a linear multistep method has a higher order than else.

    C_q(s) = m! sigma(1) sum_j alpha_j j^q - q!/(q-m)! rho^(m)(1) sum_j beta_j j^(q-m)

is, but for a factor, the error constant of the method with the weight of f that makes it
consistent (see `stepped`): order p where C_q = 0 for q < p + m.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import count
from math import factorial, perm

from butcher.analysis.in_symbol import in_symbol
from butcher.analysis.multistep import MultistepFormula
from butcher.analysis.sturm import RealRoot, real_roots
from butcher.analysis.univariate import Polynomial, minus, plus, scaled, times


@dataclass(frozen=True)
class OrderInSymbol:
    """alpha_j and beta_j as polynomials in the symbol, over one common denominator, `poles`."""

    alpha: tuple[Polynomial, ...]
    beta: tuple[Polynomial, ...]
    poles: Polynomial
    derivative: int

    @classmethod
    def of(cls, formula: MultistepFormula, name: str) -> OrderInSymbol:
        """Of a formula without h."""
        found, poles = in_symbol((*formula.alpha, *formula.beta), name)
        size = len(formula.alpha)
        return cls(found[:size], found[size:], poles, formula.derivative)

    def constant(self, q: int) -> Polynomial:
        """C_q(s)."""
        m = self.derivative
        left = times(self._weight, _moment(self.alpha, q))
        right = times(self._principal, _moment(self.beta, q - m))
        return minus(left, scaled(right, perm(q, m)))

    @cached_property
    def _weight(self) -> Polynomial:
        return scaled(_moment(self.beta, 0), factorial(self.derivative))

    @cached_property
    def _principal(self) -> Polynomial:
        terms = (scaled(a, perm(j, self.derivative)) for j, a in enumerate(self.alpha))
        return reduce(plus, terms, ())

    @cached_property
    def order(self) -> int:
        """For all but finitely many values of the symbol; 0 if no weight makes it consistent."""
        if not (self._weight and self._principal):
            return 0
        return next(q for q in count(self.derivative + 1) if self.constant(q)) - self.derivative

    def jumps(self) -> Iterator[tuple[RealRoot, int]]:
        """Each value of the symbol with a higher order, and that order."""
        if not self.order:
            return
        first = self.order + self.derivative
        excluded = times(self.poles, times(self._weight, self._principal))
        for root in real_roots(self.constant(first)):
            if root.sign_of(excluded):
                last = next(q for q in count(first + 1) if root.sign_of(self.constant(q)))
                yield root, last - self.derivative


def _moment(row: tuple[Polynomial, ...], q: int) -> Polynomial:
    """sum_j row_j j^q."""
    return reduce(plus, (scaled(p, j**q) for j, p in enumerate(row)), ())
