"""Runge-Kutta theory: what the tableau of a method says of it, decided exactly.

The stability function, and what follows from it, is another module's: `stability`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from butcher.analysis.conditions.order import CAP
from butcher.analysis.conditions.system import system
from butcher.analysis.questions import Questions
from butcher.analysis.runge_kutta.contractivity import ssp_coefficient
from butcher.analysis.runge_kutta.invariants import (
    is_algebraically_stable,
    is_symmetric,
    is_symplectic,
)
from butcher.analysis.runge_kutta.principal_error import (
    ErrorTerms,
    PairQuality,
    PrincipalError,
    error_terms,
)
from butcher.analysis.runge_kutta.simplifying import Order, SimplifyingAssumptions
from butcher.analysis.runge_kutta.structure import (
    Kind,
    is_confluent,
    is_fsal,
    is_stiffly_accurate,
    kind,
    largest_coefficient,
)
from butcher.analysis.runge_kutta.tableau import tableau_of
from butcher.coefficient import Number
from butcher.ir.graph import Graph

LARGEST_WORK = 100_000
"""Operations on short numbers that one property may take: a quarter of a second."""


@dataclass(frozen=True)
class RungeKuttaTheory:
    """The facts of one method, symbols at their start values. Exact, but for `principal_error`
    and what else is a float: those are the nearest double, or nearly.

    exact        whether every coefficient is exact. Otherwise decimals were rounded: what is said
                 to hold holds to the digits printed, and what does not is broken for certain.
    stages       evaluations that the new value or the estimate depends on, of the slot with the
                 most of them.
    kind         explicit, singly diagonally implicit, diagonally implicit or fully implicit.
    confluent    whether two stages have the same node c.
    largest_coefficient   max of |a_ij|, |b_i|, |bhat_i|, |c_i|.

    b_p, c_q, d_r   the largest p, q, r for which the simplifying assumptions hold (Butcher 1964;
                 Hairer, Wanner, Solving ODEs II, IV.5), for the stages that the new value depends
                 on; infinity where one holds for every k, as C does of Euler's method.
    stage_order  the largest q with B(q) and C(q) (ibid., IV.15). The smaller of order and c_q is
                 the same number, since B(q) and C(q) imply order q and order p implies B(p).
    stage_orders   of each stage i, in the order of the method, the largest q for which
                 sum_j a_ij c_j^(k-1) = c_i^k / k for k <= q; infinity for a stage at the old value.
    pseudo_stage_order   the largest q with B(q) for which that holds of the stages with b_i /= 0:
                 what explicit methods reach, whose second stage has order 1. (Verner speaks of the
                 dominant stage order.)
    weak_stage_order   the largest q with B(q) and b^T A^m (k A c^(k-1) - c^k) = 0 for all m and
                 k <= q: up to it there is no order reduction in linear problems (Ketcheson,
                 Seibold, Shirokoff, Zhou, DIRK schemes with high weak stage order, 2020). None
                 for several slots.

    fsal, stiffly_accurate, symplectic, symmetric, algebraically_stable   see `structure` and
                 `invariants`. A symplectic method keeps every quadratic invariant; an
                 algebraically stable one is B-stable. None where the word has no meaning for
                 several slots, or where the digits printed do not tell.
    ssp_coefficient   C: a norm that Euler's method does not increase for steps up to t is not
                 increased for steps up to C t (Kraaijevanger 1991; see `contractivity`). Exact
                 where it is rational or a quadratic surd, else the nearest double; infinity for
                 backward Euler. None for several slots.
    effective_ssp_coefficient   C / stages, of the stages that the new value depends on.

    principal_error, embedded_principal_error, pair   see `principal_error`; None where there is
                 no embedded solution, or the order found is but a bound.
    unknown      of a field that is None though there might be an answer: why.
    """

    exact: bool
    stages: int
    kind: Kind
    confluent: bool
    largest_coefficient: Number | None
    b_p: Order | None
    c_q: Order | None
    d_r: Order | None
    stage_order: Order | None
    stage_orders: tuple[Order, ...] | None
    pseudo_stage_order: Order | None
    weak_stage_order: Order | None
    fsal: bool
    stiffly_accurate: bool
    symplectic: bool | None
    symmetric: bool | None
    algebraically_stable: bool | None
    ssp_coefficient: Number | float | None
    effective_ssp_coefficient: Number | float | None
    principal_error: PrincipalError | None
    embedded_principal_error: PrincipalError | None
    pair: PairQuality | None
    unknown: Mapping[str, str]


def runge_kutta(graph: Graph) -> RungeKuttaTheory:
    """The theory of a graph that is a Runge-Kutta method, of one slot or several.

    UndefinedError where it is none, see `butcher_tableau`; TooLargeError.
    """
    found = system(graph, 1)
    t = tableau_of(found, [e.key for e in graph.evaluations])
    assumptions = SimplifyingAssumptions(t.advanced)
    ask = Questions(LARGEST_WORK)
    coefficient = ask("ssp_coefficient", lambda: ssp_coefficient(t))
    terms = ask("principal_error", lambda: error_terms(found, CAP))
    terms = terms or ErrorTerms(None, None, None)
    return RungeKuttaTheory(
        exact=t.is_exact,
        stages=max(map(len, t.of_slot.values())),
        kind=kind(t),
        confluent=is_confluent(t),
        largest_coefficient=ask("largest_coefficient", lambda: largest_coefficient(t)),
        b_p=ask("b_p", lambda: assumptions.b_p),
        c_q=ask("c_q", lambda: assumptions.c_q),
        d_r=ask("d_r", lambda: assumptions.d_r),
        stage_order=ask("stage_order", lambda: assumptions.stage_order),
        stage_orders=ask("stage_orders", lambda: SimplifyingAssumptions(t).rows),
        pseudo_stage_order=ask("pseudo_stage_order", lambda: assumptions.pseudo_stage_order),
        weak_stage_order=ask("weak_stage_order", lambda: assumptions.weak_stage_order),
        fsal=is_fsal(t),
        stiffly_accurate=is_stiffly_accurate(t),
        symplectic=ask("symplectic", lambda: is_symplectic(t)),
        symmetric=ask("symmetric", lambda: is_symmetric(t)),
        algebraically_stable=ask("algebraically_stable", lambda: is_algebraically_stable(t)),
        ssp_coefficient=coefficient,
        effective_ssp_coefficient=None if coefficient is None else coefficient / len(t.advanced),
        principal_error=terms.advanced,
        embedded_principal_error=terms.embedded,
        pair=terms.pair,
        unknown=ask.unknown,
    )
