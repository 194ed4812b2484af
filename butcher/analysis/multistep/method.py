"""A graph as a linear multistep method, if it is one.

    sum_j alpha_j u[n+j] = h^m sum_j beta_j f[n+j]      rho(z) = sum_j alpha_j z^j
                                                       sigma(z) = sum_j beta_j z^j

(m is 1 for u' = f(u), 2 for u'' = f(u).)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import perm

from butcher.analysis.conditions.system import new_value, origin
from butcher.analysis.entry import Entry, NotHomogeneousError, entry, total
from butcher.analysis.equation import check_equation
from butcher.analysis.limits import UndefinedError
from butcher.analysis.polynomials.univariate import Polynomial, polynomial
from butcher.coefficient import Coefficient, ExpressionTooLargeError, shown
from butcher.ir.graph import STEP, Graph
from butcher.ir.steps import is_step


@dataclass(frozen=True)
class LinearMultistep:
    """alpha and beta, oldest value first, as many of each, the last alpha 1."""

    alpha: tuple[Entry, ...]
    beta: tuple[Entry, ...]
    derivative: int

    def constant(self, q: int) -> Entry:
        """C_q q! = sum_j alpha_j j^q - q!/(q-m)! sum_j beta_j j^(q-m)."""
        m = self.derivative
        left = total(a.times(j**q) for j, a in enumerate(self.alpha))
        if q < m:
            return left
        return left - total(b.times(perm(q, m) * j ** (q - m)) for j, b in enumerate(self.beta))

    def order(self, up_to: int) -> int:
        """The largest p <= up_to with C_q = 0 for q < p + m; less than 1: not consistent."""
        p = 1 - self.derivative
        while p <= up_to and self.constant(p + self.derivative - 1).may_be(0):
            p += 1
        return p - 1

    @property
    def is_exact(self) -> bool:
        return not any(one.radius for one in (*self.alpha, *self.beta))

    @property
    def meant(self) -> LinearMultistep:
        """With the short fractions that rounded decimals look like."""
        alpha, beta = (tuple(e.meant for e in row) for row in (self.alpha, self.beta))
        return LinearMultistep(alpha, beta, self.derivative)

    @property
    def rho(self) -> Polynomial:
        return polynomial(one.value for one in self.alpha)

    @property
    def sigma(self) -> Polynomial:
        return polynomial(one.value for one in self.beta)


@dataclass(frozen=True)
class MultistepFormula:
    """alpha and h^m beta as functions of the symbols and of h."""

    alpha: tuple[Coefficient, ...]
    beta: tuple[Coefficient, ...]
    derivative: int

    def at_start(self) -> LinearMultistep:
        """At the start values of its symbols.

        Raises NotHomogeneousError where h is not what multiplies f, ZeroDivisionError at a pole.
        """
        return LinearMultistep(
            tuple(_at_start(c, 0) for c in self.alpha),
            tuple(_at_start(c, self.derivative) for c in self.beta),
            self.derivative,
        )

    def with_values(self, values: Mapping[str, Coefficient]) -> MultistepFormula:
        """With these in place of symbols."""
        return MultistepFormula(
            tuple(c.substitute(values) for c in self.alpha),
            tuple(c.substitute(values) for c in self.beta),
            self.derivative,
        )

    def without_step(self) -> MultistepFormula:
        """With beta in place of h^m beta. Raises NotHomogeneousError as above, for all values."""
        return MultistepFormula(
            tuple(_without_step(c, 0) for c in self.alpha),
            tuple(_without_step(c, self.derivative) for c in self.beta),
            self.derivative,
        )


def _at_start(coefficient: Coefficient, power: int) -> Entry:
    try:
        return entry(coefficient, power)
    except NotHomogeneousError as error:
        raise _not_a_weight(coefficient, power) from error


def _not_a_weight(coefficient: Coefficient, power: int) -> NotHomogeneousError:
    said = shown(coefficient)
    if power == 0:
        return NotHomogeneousError(f"an alpha is {said}, not a number without h")
    step = "h" if power == 1 else f"h^{power}"
    return NotHomogeneousError(f"f is weighted by {said}, not by {step} times a number")


def _without_step(coefficient: Coefficient, power: int) -> Coefficient:
    """g in coefficient = g h^power; all steps, where rows have their own, are this h."""
    steps = [v.name for v in coefficient.variables if is_step(v.name)]
    found = coefficient.substitute(dict.fromkeys(steps, Coefficient.of(1)))
    if coefficient.substitute(dict.fromkeys(steps, STEP)) != found * STEP**power:
        raise _not_a_weight(coefficient, power)
    return found


def linear_multistep(graph: Graph) -> LinearMultistep | None:
    """The method as rho and sigma at the start values of its symbols; None if it is none."""
    try:
        return multistep_formula(graph).at_start()
    except (UndefinedError, NotHomogeneousError, ZeroDivisionError, ExpressionTooLargeError):
        return None


def multistep_formula(graph: Graph) -> MultistepFormula:
    """The method as a formula over its symbols.

    It has one if there is one state and every evaluation, of one slot, reads one of its values;
    else UndefinedError says why.
    """
    if len({state.name for state in graph.states if state.kind == "value"}) != 1:
        raise UndefinedError("a linear multistep method has one state")
    if len(graph.slots) != 1 or graph.slots[0] in graph.linear or len(graph.ode) > 1:
        raise UndefinedError("a linear multistep method has one right-hand side f")
    check_equation(graph)
    (equation,) = graph.ode
    values: dict[int, Coefficient] = {1: Coefficient.of(1)}
    evaluations: dict[int, Coefficient] = {}
    for source, coefficient in _new_row(graph).items():
        state = graph.state.get(source)
        if state is not None and state.kind == "value":
            found, index, coefficient = values, -state.lag, -coefficient
        else:
            key, ago = origin(graph, state) if state is not None else (source, 0)
            found, index = evaluations, _point(graph, key) - ago
        found[index] = found[index] + coefficient if index in found else coefficient
    places = range(min((*values, *evaluations)), 2)
    nothing = Coefficient.of(0)
    return MultistepFormula(
        tuple(values.get(i, nothing) for i in places),
        tuple(evaluations.get(i, nothing) for i in places),
        equation.derivative,
    )


def _new_row(graph: Graph) -> Mapping[str, Coefficient]:
    """The new value of the one state."""
    for state, key in zip(graph.states, graph.outputs, strict=True):
        if state.is_newest:
            row = graph.row.get(key)
            return row.coefficients if row else {key: Coefficient.of(1)}
    raise UndefinedError("there is no value state")


def _point(graph: Graph, evaluation: str) -> int:
    """The index of the value that an evaluation reads: 0 for u[n], 1 for u[n+1]."""
    key = graph.evaluation[evaluation].argument
    if new_value(graph, key):
        return 1
    row = graph.row[key]
    state = graph.state.get(row.only_source or "")
    if state is None or state.kind != "value":
        raise UndefinedError(
            f"a linear multistep method evaluates f at its values alone, unlike {evaluation}"
        )
    return -state.lag
