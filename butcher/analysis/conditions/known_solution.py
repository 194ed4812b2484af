"""A problem with a known solution, made for the equation of a method.

Every component of a solution is a/(b + t), and a slot of x^(d) = f(t, y) + g(t, x) is

    f(t, y) = w x^(d)(t) + G(y) - G(y(t))      G_i(y) = s y_(i+1) / (1 + y_i^2)

with weights w that add up to 1 over the slots of an equation and a scale s of its own for each:
nonlinear and with t in it, so that no condition of a tree is met by accident.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from math import factorial

from butcher.coefficient import Number
from butcher.ir.graph import Evaluation, Graph


@dataclass(frozen=True)
class Vector:
    """A value of a state; it can be multiplied by exact numbers, as `interpret` does."""

    parts: tuple[Decimal, ...]

    def __add__(self, other: Vector) -> Vector:
        return Vector(tuple(a + b for a, b in zip(self.parts, other.parts, strict=True)))

    def __mul__(self, factor: Number) -> Vector:
        number = _decimal(factor)
        return Vector(tuple(part * number for part in self.parts))

    def distance(self, other: Vector) -> Decimal:
        return max(abs(a - b) for a, b in zip(self.parts, other.parts, strict=True))


def _decimal(number: Number) -> Decimal:
    total = Decimal(0)
    for radicand, factor in number.terms:
        total += factor * Decimal(radicand).sqrt() if radicand != 1 else factor
    return total / number.denominator


@dataclass(frozen=True)
class Source:
    """One slot: the state it reads, the state it drives, which derivative, w and s."""

    reads: str
    drives: str
    derivative: int
    weight: Number
    scale: int


@dataclass(frozen=True)
class Problem:
    """What is solved: a right-hand side for every slot, and the solution."""

    graph: Graph

    def solution(self, state: str, t: Number, derivative: int = 0) -> Vector:
        """a (-1)^d d! / (b + t)^(d+1) in both components, a and b other ones for every state."""
        place = [equation.state for equation in self.graph.ode].index(state)
        factor = (-1) ** derivative * factorial(derivative)
        return Vector(
            tuple(
                factor * (1 + a) / (Decimal(2 + place + a) + _decimal(t)) ** (derivative + 1)
                for a in range(2)
            )
        )

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """What each slot is in the equation."""
        found: dict[str, Source] = {}
        for equation in self.graph.ode:
            whole = len(equation.slots) * (len(equation.slots) + 1) // 2
            for i, (slot, reads) in enumerate(equation.slots):
                weight, scale = Number.of(Fraction(i + 1, whole)), len(found) + 1
                found[slot] = Source(reads, equation.state, equation.derivative, weight, scale)
        return found

    def slot(self, evaluation: Evaluation, t: Number, value: Vector) -> Vector:
        source = self.sources[evaluation.slot]
        forced = self.solution(source.drives, t, source.derivative) * source.weight
        there = _nonlinear(self.solution(source.reads, t), source.scale)
        return forced + _nonlinear(value, source.scale) + there * Number.of(-1)


def _nonlinear(value: Vector, scale: int) -> Vector:
    turned = (*value.parts[1:], value.parts[0])
    pairs = zip(value.parts, turned, strict=True)
    return Vector(tuple(scale * other / (1 + one * one) for one, other in pairs))
