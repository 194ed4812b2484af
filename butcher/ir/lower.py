"""From a scheme to its graph: all three bodies become rows and evaluations."""

from __future__ import annotations

from typing import Literal

from butcher.coefficient import Number
from butcher.ir.graph import Graph
from butcher.ir.lower_step import lower_step
from butcher.ir.lower_tables import lower_multistep, lower_runge_kutta
from butcher.ir.steps import StepSize
from butcher.spec.scheme import Multistep, RungeKutta, Scheme

Step = Literal["fixed", "learned", "per-stage"]


def lower(scheme: Scheme, step: Step | None = None, h: Number | None = None) -> Graph:
    """The graph of a scheme.

    step    how h is held: a fixed number, one trained value, or one for every stage argument
            that reads a stage and every output (in a step body: for every assignment that
            uses h). None is what the file says.
    h       its value or start value; None is what the file says, or 1.
    """
    size = StepSize.of(scheme, step, h)
    match scheme.body:
        case RungeKutta():
            return lower_runge_kutta(scheme, scheme.body, size)
        case Multistep():
            return lower_multistep(scheme, scheme.body, size)
        case _:
            return lower_step(scheme, scheme.body, size)
