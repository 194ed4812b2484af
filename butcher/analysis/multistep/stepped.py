"""The differential equation that a linear multistep method steps, over its symbols.

    rho^(m)(1) u^(m) = m! sigma(1) f(u) + O(h)      m = 1 for u' = f(u), 2 for u'' = f(u)

It is consistent where rho^(m)(1) = m! sigma(1). Else it is so for another weight of f: with the
step h^m rho^(m)(1)/(m! sigma(1)) in place of h^m.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial, lcm, perm

from butcher.analysis.multistep.method import MultistepFormula
from butcher.analysis.polynomials.in_symbol import in_symbol
from butcher.analysis.polynomials.univariate import common_divisor, quotient
from butcher.coefficient import Coefficient, Number
from butcher.coefficient import Polynomial as Multivariate
from butcher.spec.scheme import Equation


@dataclass(frozen=True)
class Stepped:
    """factor   m! sigma(1)/rho^(m)(1): one block steps u^(m) = factor f(u)."""

    equation: Equation
    factor: Coefficient

    @property
    def text(self) -> str:
        """`u' = f(u)/(1+k)`."""
        state, derivative = self.equation.state, "'" * self.equation.derivative
        slot, argument = self.equation.slots[0]
        called = f"{slot}({'t, ' if self.equation.time else ''}{argument})"
        return f"{state}{derivative} = {_product(self.factor, called)}"

    @property
    def weight(self) -> str:
        """What is to stand for h (for h^2 in u'' = f) for the method to be consistent."""
        step = "h" if self.equation.derivative == 1 else "h^2"
        return _product(self.factor.inverse(), step)


def stepped(formula: MultistepFormula, equation: Equation) -> Stepped | None:
    """None where rho has the root 1 less or more than m times, or sigma(1) is zero, for all
    values of the symbols. The formula is one without h.
    """
    m = formula.derivative
    derivatives = [_derivative_at_one(formula.alpha, q) for q in range(m + 1)]
    right = _derivative_at_one(formula.beta, 0) * factorial(m)
    if any(derivatives[:m]) or not derivatives[m] or not right:
        return None
    return Stepped(equation, _shortened(right / derivatives[m]))


def _derivative_at_one(row: Sequence[Coefficient], q: int) -> Coefficient:
    return sum((c * perm(j, q) for j, c in enumerate(row)), Coefficient.of(0))


def _shortened(factor: Coefficient) -> Coefficient:
    """Without a common factor above and below, where there is one symbol."""
    if len(factor.variables) != 1:
        return factor
    (variable,) = factor.variables
    (above,), below = in_symbol([factor], variable.name)
    common = common_divisor(above, below)
    numerator, denominator = (
        Multivariate({((variable, k),) if k else (): a for k, a in enumerate(quotient(p, common))})
        for p in (above, below)
    )
    return Coefficient(numerator, denominator)


# ---------------------------------------------------------------------- as text


def _product(factor: Coefficient, name: str) -> str:
    """`(1+k)*name`, `name/2`, `-eta*name/g`."""
    numbers = [c for p in (factor.numerator, factor.denominator) for _, c in p.terms]
    whole = Number.of(lcm(*(c.denominator for c in numbers)))
    above, below = (_text(p.scale(whole)) for p in (factor.numerator, factor.denominator))
    first = {"1": name, "-1": f"-{name}"}.get(above, f"{above}*{name}")
    if below == "1":
        return first
    return f"{first}/({below})" if "*" in below and below[0] != "(" else f"{first}/{below}"


def _text(p: Multivariate) -> str:
    return f"({p})" if len(p.terms) > 1 else str(p)
