"""All that is said of a scheme that draws numbers."""

from __future__ import annotations

from dataclasses import dataclass

from butcher.analysis.limits import UndefinedError
from butcher.analysis.stochastic.equation import ItoEquation, ito_equation
from butcher.analysis.stochastic.moments import Draw, Drawn
from butcher.analysis.stochastic.update import (
    Covariance,
    Update,
    covariances,
    nested,
    updates,
)
from butcher.ir.graph import Graph

NOTHING_DRAWN = "it draws no numbers"


@dataclass(frozen=True)
class StochasticView:
    """Exact, over the symbols; the states that a block is given, and its evaluations, stand fast.

    draws        the drawn symbols, independent of each other and from block to block.
    updates      of every new value that reads no nested evaluation.
    covariances  of the coefficients of these.
    nested       the evaluations that read a drawn value: mean and covariance of what such an F
                 returns are not known, only what they are to first order in h.
    equation     the Ito equation; None: see `reason`.
    """

    draws: tuple[Draw, ...]
    updates: tuple[Update, ...]
    covariances: tuple[Covariance, ...]
    nested: tuple[str, ...]
    equation: ItoEquation | None
    reason: str | None


def stochastic(graph: Graph) -> StochasticView:
    """Raises UndefinedError for a scheme that draws nothing, or divides by what it draws."""
    drawn = Drawn(graph)
    if not drawn.symbols:
        raise UndefinedError(NOTHING_DRAWN)
    try:
        equation, reason = ito_equation(graph, drawn), None
    except UndefinedError as error:
        equation, reason = None, str(error)
    return StochasticView(
        drawn.draws(),
        updates(graph, drawn),
        covariances(graph, drawn),
        nested(graph, drawn),
        equation,
        reason,
    )
