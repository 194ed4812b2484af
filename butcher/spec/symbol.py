"""Declared symbols: the step, parameters of the stack, trained scalars, drawn numbers."""

from __future__ import annotations

from typing import Literal

from butcher.coefficient import Coefficient, Number, Variable
from butcher.spec.model import Model, Place


class Distribution(Model):
    """uniform(low, high), normal(mean, sigma) or bernoulli(p), over numbers and parameters."""

    name: Literal["uniform", "normal", "bernoulli"]
    arguments: tuple[Coefficient, ...]

    @property
    def mean(self) -> Coefficient:
        """The expected value, exact."""
        if self.name == "uniform":
            return (self.arguments[0] + self.arguments[1]) / 2
        return self.arguments[0]


class Symbol(Model):
    """A name that coefficients are made of. `let` names are not symbols: they are their value.

    kind    h: the step, a number that the stack sets; param: any other such number;
            learn: trained; random: drawn in training, its mean in evaluation.
    scope   of a learned one: block (one value), stage (only h: one a row that reads a stage, one
            an output), channel (a vector over dimension 1); of a drawn one: sample or batch.
    start   the start value; of a drawn one its mean at the start values of its parameters.
    place   where it is declared; None for an h that the file does not speak of.
    """

    name: str
    kind: Literal["h", "param", "learn", "random"]
    scope: Literal["block", "stage", "channel", "sample", "batch"] = "block"
    start: Number
    bounds: tuple[Number, Number] | None = None
    distribution: Distribution | None = None
    redrawn_backward: bool = False
    place: Place | None = None

    @property
    def variable(self) -> Variable:
        """The symbol as it stands in coefficients."""
        return Variable(self.name, self.start)
