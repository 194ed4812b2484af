"""The first terms of the local error, measured as designers of methods compare them.

    u[n+1] - u(t + h) = sum_t tau(t) h^|t| F(t)      tau(t) = (Phi(t) - 1/gamma(t)) / sigma(t)

over all rooted trees t (Prince, Dormand, High order embedded Runge-Kutta formulae, J. Comput.
Appl. Math. 7 (1981) 67-75); tau^(n) is the vector of the tau(t) with |t| = n. Several slots have
trees of several colours, several states a part of the vector each. Computed exactly and given as
doubles; of rounded decimals they are good to the digits printed.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import hypot, isfinite
from typing import Generic, TypeVar

from butcher.analysis.conditions.balls import Balls
from butcher.analysis.conditions.proof import OrderResult, Proof, exact_arithmetic
from butcher.analysis.conditions.ring import Ball
from butcher.analysis.conditions.system import System, Target

Vector = TypeVar("Vector", bound=Hashable)


@dataclass(frozen=True)
class PrincipalError:
    """Of one solution of order p.

    order      p, for u' = f(u).
    norm       A^(p+1), the 2-norm of tau^(p+1). Of the less accurate solution of a pair it is also
               the error constant of the estimate, where the other's order is higher.
    maximum    the largest |tau(t)| of order p + 1.
    largest    the elementary differential of that tree, as `f''(f, f'(f))`.
    conditions how many trees of order p + 1 there are, and
    broken     how many of their conditions do not hold.
    """

    order: int
    norm: float
    maximum: float
    largest: str
    conditions: int
    broken: int


@dataclass(frozen=True)
class PairQuality:
    """How well an error estimate does, of a pair whose lower order is p (Prince and Dormand 1981;
    Kennedy, Carpenter, Lewis, Appl. Numer. Math. 35 (2000) 177-219). tau is of the higher
    order, tau_hat of the lower, whichever of them is advanced.

    B   |tau_hat^(p+2)| / |tau_hat^(p+1)|
    C   |tau_hat^(p+2) - tau^(p+2)| / |tau_hat^(p+1)|
    E   |tau^(p+2)| / |tau_hat^(p+1)|

    B and C, which should not be far above 1, tell whether the first term of the estimate leads.
    """

    B: float
    C: float
    E: float


@dataclass(frozen=True)
class ErrorTerms:
    """`embedded` and `pair` are None without an embedded solution, `pair` also where both have
    one order or doubles do not hold the numbers; all are None where the order found is but a
    bound."""

    advanced: PrincipalError | None
    embedded: PrincipalError | None
    pair: PairQuality | None


def error_terms(found: System, up_to: int) -> ErrorTerms:
    """Of methods of an order below `up_to`. Raises TooLargeError."""
    if radii := found.radii():
        return _Terms(Proof(found, Balls.of_radii(radii), up_to, False)).found()
    return _Terms(Proof(found, exact_arithmetic(found), up_to, False)).found()


class _Terms(Generic[Vector]):
    def __init__(self, proof: Proof[Vector]) -> None:
        self.proof = proof
        self.results = {result.key: result for result in proof.results()}
        proof.work = 0

    def found(self) -> ErrorTerms:
        targets = self.proof.system.targets
        advanced = [t for t in targets if t.kind == "advanced"]
        embedded = [t for t in targets if t.kind != "advanced"]
        orders = self.order(advanced), self.order(embedded)
        return ErrorTerms(
            None if orders[0] is None else self.principal(advanced, orders[0]),
            None if orders[1] is None else self.principal(embedded, orders[1]),
            self.pair(advanced, embedded, *orders),
        )

    def order(self, targets: Sequence[Target]) -> int | None:
        """The lowest, if it is certain that it ends there."""
        lowest: OrderResult | None = min(
            (self.results[t.key] for t in targets), key=lambda r: r.order or 0, default=None
        )
        return lowest.order if lowest is not None and lowest.outcome == "fails" else None

    def principal(self, targets: Sequence[Target], order: int) -> PrincipalError:
        taus = self.taus(targets, order + 1)
        sizes = [abs(tau) for tau in taus.values()]
        (_, tree), maximum = max(taus.items(), key=lambda item: abs(item[1]))
        return PrincipalError(
            order=order,
            norm=hypot(*sizes),
            maximum=abs(maximum),
            largest=self.proof.trees.differential(tree),
            conditions=len(sizes),
            broken=sum(1 for size in sizes if size),
        )

    def pair(
        self,
        advanced: Sequence[Target],
        embedded: Sequence[Target],
        first: int | None,
        second: int | None,
    ) -> PairQuality | None:
        if first is None or second is None or first == second:
            return None
        low, high = (embedded, advanced) if second < first else (advanced, embedded)
        p = min(first, second)
        leading = hypot(*self.taus(low, p + 1).values())
        less, more = self.taus(low, p + 2), self.taus(high, p + 2)
        # both hold a number for every tree and state, in the same order
        between = [a - b for a, b in zip(less.values(), more.values(), strict=True)]
        sizes = hypot(*less.values()), hypot(*between), hypot(*more.values())
        if not leading or not all(map(isfinite, (leading, *sizes))):
            return None
        return PairQuality(*(size / leading for size in sizes))

    def taus(self, targets: Sequence[Target], n: int) -> dict[tuple[str, int], float]:
        """(state, tree) -> tau, of all trees of order n; 0 where the condition holds."""
        found: dict[tuple[str, int], float] = {}
        for slot, mine in enumerate(self.proof.targets):
            places = [place for place, target in enumerate(mine) if target in targets]
            for tree in self.proof.of(n, slot) if places else ():
                weights = self.proof.weights(tree, slot, n)
                for place in places:
                    state = mine[place].combination.state
                    found[state, tree] = self.tau(tree, weights, place)
        return found

    def tau(self, tree: int, weights: Vector, place: int) -> float:
        arithmetic, trees = self.proof.arithmetic, self.proof.trees
        if arithmetic.is_one(weights, place):
            return 0.0
        weight = arithmetic.gets(weights, place)
        above = weight.middle - 1 if isinstance(weight, Ball) else weight - 1
        return float(above / (trees.gamma(tree) * trees.sigma(tree)))
