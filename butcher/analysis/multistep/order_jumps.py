"""The values of a symbol for which a linear multistep method has a higher order than else.

    C_q(s) = m! sigma(1) sum_j alpha_j j^q - q!/(q-m)! rho^(m)(1) sum_j beta_j j^(q-m)

is, but for a factor, an error constant of the method with the weight of f that makes it
consistent (see `stepped`): order p where C_q = 0 for q < p + m.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import count
from math import factorial, perm

from butcher.analysis.multistep.method import MultistepFormula
from butcher.analysis.polynomials.in_symbol import in_symbol
from butcher.analysis.polynomials.sturm import RealRoot, real_roots
from butcher.analysis.polynomials.univariate import Polynomial, minus, plus, scaled, times


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
        """C_q(s), which is zero for q = m."""
        m = self.derivative
        left = times(self._weight, _moment(self.alpha, q))
        if q < m:
            return left
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
    def _first(self) -> int | None:
        """The first q with C_q not zero for all values of the symbol."""
        if not (self._weight and self._principal):
            return None
        return next(q for q in count() if self.constant(q))

    @property
    def order(self) -> int:
        """For all but finitely many values of the symbol; 0 if no weight makes it consistent."""
        return 0 if self._first is None else max(0, self._first - self.derivative)

    def jumps(self) -> Iterator[tuple[RealRoot, int]]:
        """Each value of the symbol with a higher order, and that order."""
        if self._first is None:
            return
        excluded = times(self.poles, times(self._weight, self._principal))
        for root in real_roots(self.constant(self._first)):
            if root.sign_of(excluded):
                last = next(q for q in count(self._first + 1) if root.sign_of(self.constant(q)))
                if last - self.derivative > self.order:
                    yield root, last - self.derivative


def _moment(row: tuple[Polynomial, ...], q: int) -> Polynomial:
    """sum_j row_j j^q."""
    return reduce(plus, (scaled(p, j**q) for j, p in enumerate(row)), ())
