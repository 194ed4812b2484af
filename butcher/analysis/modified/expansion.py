"""The difference equation of a method, expanded into derivatives of a smooth solution.

    sum_j alpha_j u[n+j] = h^m sum_j beta_j f(u[n+j])      rho(z), sigma(z) as in `multistep`

If u[n+j] is u(t + j h), the left side is rho(exp(hD)) u, and with sigma taken to the left

    rho(exp(hD)) / (h^m sigma(exp(hD))) u = f(u)           D = d/dt

is an equation in the derivatives of u alone (Hairer, Lubich, Wanner, Geometric Numerical
Integration, XV.3): u' + h/2 u'' + ... = f for ResNet, (1+k) u' + (1-k) h/2 u'' + ... = f for the
linear multi-step unit (Lu, Zhong, Li, Dong 2018), whose symbols stay symbols.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import factorial

from butcher.analysis.conditions.system import new_value, origin
from butcher.analysis.entry import means
from butcher.analysis.limits import UndefinedError
from butcher.coefficient import Coefficient
from butcher.ir.graph import STEP, Graph
from butcher.ir.steps import is_step

FURTHEST = 72
"""No method of 32 lags has more vanishing terms."""

_NONE = Coefficient.of(0)


@dataclass(frozen=True)
class DifferenceEquation:
    """alpha by place, 1 for u[n+1]; beta by slot and by place. The coefficients are free of h."""

    state: str
    derivative: int
    alpha: Mapping[int, Coefficient]
    beta: Mapping[str, Mapping[int, Coefficient]]

    @cached_property
    def right(self) -> dict[str, Coefficient]:
        """sigma(1), slot by slot: what stands before f."""
        return {slot: sum(beta.values(), _NONE) for slot, beta in self.beta.items()}

    def left(self) -> Iterator[Coefficient]:
        """What stands before h^(q-m) u^(q), for q = 0, 1, 2, ..., the right side as it is.

        With a(z) = rho(exp(z)), s(z) = sigma(exp(z)) / sigma(1), both around the newest point:
        a(z) / s(z), by c_q = a_q - s_1 c_(q-1) - ... - s_q c_0.
        """
        slot, beta = next(iter(self.beta.items()))
        newest = max(beta)
        weights = {place: one / self.right[slot] for place, one in beta.items()}
        if len(self.beta) > 1 and any(set(other) != {newest} for other in self.beta.values()):
            raise UndefinedError("its slots are evaluated at different points")
        found: list[Coefficient] = []
        below: list[Coefficient] = []
        for q in range(FURTHEST):
            below.append(_power_sum(weights, newest, q))
            term = _power_sum(self.alpha, newest, q)
            for i in range(1, q + 1):
                if below[i] and found[q - i]:
                    term = term - below[i] * found[q - i]
            found.append(term)
            yield term


def _power_sum(coefficients: Mapping[int, Coefficient], around: int, q: int) -> Coefficient:
    found = _NONE
    for place, one in coefficients.items():
        if power := (place - around) ** q:
            found = found + one * Coefficient.of(Fraction(power, factorial(q)))
    return found


def difference_equation(graph: Graph) -> DifferenceEquation:
    """Of a method with one state whose evaluations each read one of its values.

    A drawn symbol is taken at its mean, which it is in evaluation. Raises UndefinedError.
    """
    names = {state.name for state in graph.states if state.kind == "value"}
    if len(names) != 1:
        raise UndefinedError("it has several states")
    if graph.linear:
        raise UndefinedError(f"slot {min(graph.linear)} is a linear map")
    derivative = max((equation.derivative for equation in graph.ode), default=1)
    alpha = {1: Coefficient.of(1)}
    beta: dict[str, dict[int, Coefficient]] = {}
    for source, coefficient in _new_row(graph):
        state = graph.state.get(source)
        if state is not None and state.kind == "value":
            alpha[-state.lag] = -_without_h(graph, source, coefficient, 0)
            continue
        key, ago = origin(graph, state) if state is not None else (source, 0)
        line = beta.setdefault(graph.evaluation[key].slot, {})
        place = _point(graph, key) - ago
        one = _without_h(graph, source, coefficient, derivative)
        line[place] = line[place] + one if place in line else one
    found = DifferenceEquation(names.pop(), derivative, alpha, beta)
    if not vanishes(sum(alpha.values(), _NONE)):
        raise UndefinedError("it does not keep constants")
    if not beta or any(vanishes(one) for one in found.right.values()):
        raise UndefinedError("no evaluation moves it")
    return found


def vanishes(one: Coefficient) -> bool:
    """Whether it is zero, within its rounding."""
    return not one or (one.is_number and bool(one.radius) and one.magnitude() <= one.radius)


def _new_row(graph: Graph) -> list[tuple[str, Coefficient]]:
    for state, key in zip(graph.states, graph.outputs, strict=True):
        if state.is_newest:
            row = graph.row.get(key)
            return list(row.coefficients.items()) if row else [(key, Coefficient.of(1))]
    raise UndefinedError("it has no state")


def _point(graph: Graph, evaluation: str) -> int:
    """The place of the value that an evaluation reads: 0 for u[n], 1 for u[n+1]."""
    key = graph.evaluation[evaluation].argument
    if new_value(graph, key) or graph.row[key].coefficients == dict(_new_row(graph)):
        return 1
    state = graph.state.get(graph.row[key].only_source or "")
    if state is None or state.kind != "value":
        raise UndefinedError(f"{evaluation} reads more than one value")
    return -state.lag


def _without_h(graph: Graph, source: str, one: Coefficient, power: int) -> Coefficient:
    """one / h^power, drawn symbols at their means; it may not hold h any more."""
    steps = {name: STEP for name in one.names if is_step(name)}
    found = one.substitute(steps).substitute(means(graph)) / STEP**power
    if any(map(is_step, found.names)):
        raise UndefinedError(f"{source} has {one}, which is not h^{power} times a number")
    return found
