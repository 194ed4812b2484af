"""The modified equation: which differential equation a method solves exactly, step by step.

    u' = f + h f_2(u) + h^2 f_3(u) + ...      by B-series, in elementary differentials
    u' + h/2 u'' + ... = f                    by expansion of the difference equation

See `bseries` and `expansion` for how and from where.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from butcher.analysis.conditions import order as conditions
from butcher.analysis.conditions.ring import Ball
from butcher.analysis.conditions.system import system
from butcher.analysis.entry import Entry
from butcher.analysis.limits import TooLargeError, UndefinedError
from butcher.analysis.modified import formula
from butcher.analysis.modified.bseries import Flow, numerical_flow
from butcher.analysis.modified.expansion import difference_equation, vanishes
from butcher.coefficient import (
    ONE,
    BudgetExceededError,
    Coefficient,
    ExpressionTooLargeError,
    Number,
    budget,
    shown,
)
from butcher.ir.graph import Graph
from butcher.ir.steps import is_step

LARGEST_ORDER = 8
LARGEST_WORK = 200_000
"""Units of arithmetic, for each of the two forms: a second."""

WRITTEN = 24
"""First corrections of so many elementary differentials are written without being asked for."""

WIDEST = 1e-3
"""Radius of a weight that tells nothing."""


@dataclass(frozen=True)
class ElementaryTerm:
    """coefficient * h^(order-1) * differential, a term of state'.

    tree         `[[], [[]]]`, with several slots `f[g[], f[]]`; `order` is its number of nodes.
    coefficient  the symmetry of the tree is divided out.
    """

    state: str
    tree: str
    differential: str
    order: int
    coefficient: Number | Ball


@dataclass(frozen=True)
class ModifiedEquation:
    """The equation whose smooth solutions the method gives, as a formal series in h.

    defect  the difference equation expanded in the derivatives of its solution, as in Lu, Zhong,
            Li, Dong (2018): `(1+k) u' + (1-k) h/2 u'' = f`, truncated. Symbols stay symbols, a
            drawn one is its mean. None where there are several states, or an evaluation reads
            more than one value.
    form    the field whose flow is the method, in elementary differentials:
            `u' = f - h/2 f'(f) + O(h^2)`; one equation a state, `; ` between. Of a method with
            earlier values the field of its underlying one-step method. None: see `reason`.
    up_to   the trees with so many nodes are in `form` and `terms`; the rest is O(h^up_to) or less.
    terms   the terms of `form` whose coefficient is not zero.
    exact   whether the terms hold exactly, or to the digits printed.
    at      the start values at which symbols stand in `form`: `k = -1/20`.
    reason  why there is no `form`.
    """

    defect: str | None
    form: str | None
    up_to: int | None
    terms: tuple[ElementaryTerm, ...]
    exact: bool
    at: tuple[str, ...]
    reason: str | None

    def latex(self) -> tuple[str, ...]:
        """`form` and `defect`, those there are, for a paper."""
        return tuple(formula.latex(text) for text in (self.form, self.defect) if text)


def modified_equation(graph: Graph, order: int | None = None) -> ModifiedEquation:
    """Of the new values, up to h^(order-1); by default up to the first correction.

    Raises UndefinedError where there is neither form, TooLargeError for an order beyond 8 or
    where the exact terms would take too long.
    """
    if order is not None and order < 1:
        raise ValueError(f"an order is at least 1, not {order}")
    if order is not None and order > LARGEST_ORDER:
        raise TooLargeError(f"modified equations are made up to order {LARGEST_ORDER}")
    try:
        defect = _defect(graph, order)
    except (UndefinedError, TooLargeError):
        defect = None
    try:
        return _by_trees(graph, order, defect)
    except (UndefinedError, TooLargeError) as error:
        if defect is None:
            raise
        return ModifiedEquation(defect, None, None, (), True, (), str(error))


# ---------------------------------------------------------------------- by expansion


def _defect(graph: Graph, order: int | None) -> str:
    try:
        with budget(LARGEST_WORK):
            return _expanded(graph, order)
    except (BudgetExceededError, ExpressionTooLargeError) as error:
        raise TooLargeError("the expansion of the difference equation is too long") from error
    except ZeroDivisionError as error:
        raise UndefinedError(str(error)) from error


def _expanded(graph: Graph, order: int | None) -> str:
    found = difference_equation(graph)
    terms: list[tuple[int, Coefficient]] = []
    for q, coefficient in enumerate(found.left()):
        if order is not None and q >= order + found.derivative:
            break
        if not vanishes(coefficient):
            terms.append((q, coefficient))
        if order is None and len(terms) == 2:
            break
    if not terms:
        raise UndefinedError("its difference equation has no term of this order")
    right = [(one, slot) for slot, one in found.right.items()]
    wanted = [right[0][0], terms[0][1]] if len(right) == 1 else [terms[0][1]]
    scale = next((one for one in wanted if one.is_number), Coefficient.of(1))
    left = (
        (one / scale, q - found.derivative, formula.derivative(found.state, q)) for q, one in terms
    )
    return f"{formula.summed(left)} = {formula.summed((c / scale, 0, s) for c, s in right)}"


# ---------------------------------------------------------------------- by trees


def _by_trees(graph: Graph, order: int | None, defect: str | None) -> ModifiedEquation:
    if any(equation.derivative != 1 for equation in graph.ode):
        raise UndefinedError("elementary differentials are those of first-order equations")
    found = system(graph.changed(estimates=()), order or LARGEST_ORDER)
    if graph.takes_time and not all(map(found.keeps_time, found.stages)):
        raise UndefinedError("time does not go as the state does: a node is not its row's sum")
    flow = numerical_flow(found)
    try:
        with budget(LARGEST_WORK):
            reached = _advance(flow, order)
    except BudgetExceededError as error:
        raise TooLargeError("the weights of the trees would take too long") from error
    terms = _terms(flow, reached)
    if order is None and all(term.order == 1 for term in terms):
        proved = conditions.order(graph.changed(estimates=())).advanced.order
        reached = max(reached, proved or 0)  # the field of order p is f but for O(h^p)
    symbols = [s for s in graph.symbols if s.name in graph.names and not is_step(s.name)]
    return ModifiedEquation(
        defect,
        _form(flow.targets, terms, reached),
        reached,
        terms,
        not any(weight.radius for weight in flow.field),
        tuple(f"{s.name} = {shown(s.start)}" for s in symbols),
        None,
    )


def _advance(flow: Flow, order: int | None) -> int:
    """Up to `order`; if None, to the first correction, and no further than is written."""
    for n in range(1, (order or LARGEST_ORDER) + 1):
        try:
            flow.advance()
        except (TooLargeError, BudgetExceededError):
            if order is not None or n < 3:
                raise
            return n - 1
        corrections = sum(_is_there(flow.field[tree]) for tree in flow.of_order(n))
        if order is None and n > 1 and corrections:
            return n if corrections <= WRITTEN else n - 1
    return order or LARGEST_ORDER


def _is_there(weight: Entry) -> bool:
    """Not zero, to the digits printed."""
    if weight.radius > WIDEST:
        raise UndefinedError("the digits printed are too few to tell")
    return not weight.may_be(0)


def _terms(flow: Flow, order: int) -> tuple[ElementaryTerm, ...]:
    found = []
    for n in range(1, order + 1):
        for tree in flow.of_order(n):
            if _is_there(weight := flow.field[tree]):
                found.append(_term(flow, tree, n, weight))
    return tuple(found)


def _term(flow: Flow, tree: int, order: int, weight: Entry) -> ElementaryTerm:
    trees, sigma = flow.trees, flow.trees.sigma(tree)
    value: Number | Ball = weight.value / sigma
    if weight.radius:
        value = Ball.of(weight.value / sigma, weight.radius / sigma)
    return ElementaryTerm(
        flow.drives(tree), trees.bracket(tree), trees.differential(tree), order, value
    )


def _form(states: Iterable[str], terms: Sequence[ElementaryTerm], order: int) -> str:
    return "; ".join(_equation(s, [t for t in terms if t.state == s], order) for s in states)


def _equation(state: str, terms: Sequence[ElementaryTerm], order: int) -> str:
    sums: list[tuple[formula.Value, int, str]] = []
    for n, group in groupby(terms, key=lambda term: term.order):
        pairs = [(term.coefficient, term.differential) for term in group]
        sums += [(c, 0, d) for c, d in pairs] if n == 1 else [formula.grouped(pairs, n - 1)]
    rest = "O(h)" if order == 1 else f"O(h^{order})"
    return f"{state}' = {formula.summed([*sums, (ONE, 0, rest)])}"
