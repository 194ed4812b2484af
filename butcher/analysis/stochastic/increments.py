"""A block's new values as increments: which multiple of h each slot adds, drawn numbers and all.

    u[n+1] = sum_l V_l u[n-l] + h^m sum_j w_j k_j

moves the m-th derivative of u by sum_s W_s f_s a step, W_s = sum_(j of slot s) w_j / d, to first
order in h. Here m is the multiplicity of the root 1 of rho(z) = z - sum_l V_l z^(-l), and d is

    m = 1:  rho'(1) = 1 + sum_l l V_l        m = 2:  rho''(1)/2 = (1 - sum_l l^2 V_l) / 2

1 of a one-step block, 1 + k of a linear multi-step unit (Hairer, Norsett, Wanner, Solving
Ordinary Differential Equations I, III.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from butcher.analysis.conditions.system import origin
from butcher.analysis.limits import UndefinedError
from butcher.analysis.stochastic.moments import Drawn
from butcher.analysis.stochastic.update import new_rows
from butcher.coefficient import Coefficient
from butcher.ir.graph import STEP, Graph, Row
from butcher.ir.steps import is_step

_ONE = Coefficient.of(1)
_NONE = Coefficient.of(0)


@dataclass(frozen=True)
class Increment:
    """Of one state.

    derivative   m: 1, or 2 where the block advances u''.
    weights      W_s by slot, over d; random ones as they are drawn.
    evaluations  w_j / d by evaluation, of this block alone.
    """

    state: str
    derivative: int
    weights: Mapping[str, Coefficient]
    evaluations: Mapping[str, Coefficient]


def increments(graph: Graph, drawn: Drawn) -> tuple[Increment, ...]:
    """Of every state; raises UndefinedError where one is no such sum."""
    if slots := graph.linear & set(graph.slots):
        raise UndefinedError(f"slot {min(slots)} is a linear map, not a term of an equation")
    found = tuple(_increment(graph, drawn, *one) for one in new_rows(graph).items())
    if len({one.derivative for one in found}) > 1:
        raise UndefinedError("its states are driven by equations of different orders")
    return found


def reads(graph: Graph, drawn: Drawn) -> dict[str, str]:
    """slot -> the state whose value it is given, to within O(h)."""
    found: dict[str, str] = {}
    for evaluation in graph.evaluations:
        row = graph.row[evaluation.argument]
        name = _values(graph, drawn, row)[0]
        if found.setdefault(evaluation.slot, name) != name:
            raise UndefinedError(
                f"slot {evaluation.slot} reads {found[evaluation.slot]} and {name}"
            )
        for term in row.terms:
            if not graph.is_value(term.source):
                scaled(term.coefficient, 1, term.source, row.key, least=True)
    return found


def scaled(
    one: Coefficient, power: int, source: str, row: str, *, least: bool = False
) -> Coefficient:
    """one / h^power; without h in it, or with h^power as a factor at `least`."""
    steps = {name: STEP for name in one.names if is_step(name)}
    together = one.substitute(steps)
    rest = together / STEP**power
    if rest.power_of("h") < 0 or (not least and "h" in rest.names):
        wanted = "h" if power == 1 else f"h^{power}"
        raise UndefinedError(f"{source} in {row} has {one}, which is not {wanted} times a number")
    return rest


def _increment(graph: Graph, drawn: Drawn, state: str, row: Row) -> Increment:
    name, values = _values(graph, drawn, row)
    if name != state:
        raise UndefinedError(f"{row.key} is made of values of {name}")
    derivative, divisor = _slope(row.key, values)
    weights: dict[str, Coefficient] = {}
    evaluations: dict[str, Coefficient] = {}
    for term in row.terms:
        held = graph.state.get(term.source)
        if held is not None and held.kind == "value":
            continue
        key = term.source if held is None else origin(graph, held)[0]
        weight = scaled(term.coefficient, derivative, term.source, row.key) / divisor
        slot = graph.evaluation[key].slot
        weights[slot] = weights.get(slot, _NONE) + weight
        if held is None:
            evaluations[key] = weight
    return Increment(state, derivative, weights, evaluations)


def _values(graph: Graph, drawn: Drawn, row: Row) -> tuple[str, dict[int, Coefficient]]:
    """The state whose values the row is made of, and their coefficients by lag."""
    names: set[str] = set()
    found: dict[int, Coefficient] = {}
    for term in row.terms:
        if graph.is_value(term.source):
            if drawn.within(term.coefficient):
                raise UndefinedError(f"{row.key} takes {term.source} times a drawn number")
            state = graph.state[term.source]
            names.add(state.name)
            found[state.lag] = term.coefficient
    if len(names) != 1 or sum(found.values(), _NONE) != _ONE:
        raise UndefinedError(f"{row.key} does not keep constants")
    return names.pop(), found


def _slope(row: str, values: Mapping[int, Coefficient]) -> tuple[int, Coefficient]:
    """(m, d) above."""
    first = sum((one * lag for lag, one in values.items()), _ONE)
    if first:
        return 1, first
    second = (_ONE - sum((one * lag**2 for lag, one in values.items()), _NONE)) / 2
    if second:
        return 2, second
    raise UndefinedError(f"1 is a triple root of rho of {row}")
