"""How the step h stands in the rows of a graph: one symbol, or one an assignment."""

from __future__ import annotations

from typing import Literal

from butcher.coefficient import ONE, Coefficient, Number, Variable
from butcher.coefficient.polynomial import UNIT, divided
from butcher.spec.scheme import Scheme
from butcher.spec.symbol import Symbol

_ONE_A_ROW = "h:"
"""No name of a file holds a colon."""


def is_step(name: str) -> bool:
    """Whether a symbol is the step, or the step of one row: `h`, `h:Y2`."""
    return name == "h" or name.startswith(_ONE_A_ROW)


def without_step(coefficient: Coefficient) -> tuple[Variable | None, int, Coefficient]:
    """(h, p, rest) with coefficient = h^p rest, h the step in it; p is 0 where there is none."""
    for variable in sorted(coefficient.variables):
        power = coefficient.power_of(variable.name)
        if power > 0 and is_step(variable.name):
            return variable, power, _over(coefficient, variable, power)
    return None, 0, coefficient


def _over(coefficient: Coefficient, variable: Variable, power: int) -> Coefficient:
    """coefficient / variable^power, fast where it is a polynomial of that factor."""
    if coefficient.radius or coefficient.denominator is not UNIT:
        return coefficient / Coefficient.symbol(variable) ** power
    return Coefficient(divided(coefficient.numerator, {variable: power}, ONE))


class StepSize:
    """Hands out the step of each row and collects the symbols that were used for it."""

    def __init__(self, scheme: Scheme, symbol: Symbol) -> None:
        self.symbol = symbol
        self.others = tuple(s for s in scheme.symbols if s.name != "h")
        self.per_stage = symbol.scope == "stage"
        self._made: dict[str, Symbol] = {}

    @classmethod
    def of(
        cls,
        scheme: Scheme,
        step: Literal["fixed", "learned", "per-stage"] | None,
        h: Number | None,
    ) -> StepSize:
        """The file's step, or what is asked for instead."""
        declared = next(s for s in scheme.symbols if s.name == "h")
        changes: dict[str, object] = {} if h is None else {"start": h, "distribution": None}
        if step == "fixed":
            changes |= {"kind": "h", "scope": "block", "bounds": None, "distribution": None}
        elif step is not None:
            changes |= {"kind": "learn", "scope": "stage" if step == "per-stage" else "block"}
        return cls(scheme, declared.model_copy(update=changes))

    def at(self, row: str) -> Coefficient:
        """h as it stands in a row, or in the assignment of that name."""
        if not self.per_stage:
            return Coefficient.symbol(self.symbol.variable)
        name = f"{_ONE_A_ROW}{row}"
        self._made.setdefault(name, self.symbol.model_copy(update={"name": name}))
        return Coefficient.symbol(Variable(name, self.symbol.start))

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """All symbols of the graph: the step or steps first."""
        steps = tuple(self._made.values()) if self.per_stage else (self.symbol,)
        return steps + self.others
