"""What can be seen in the rows of a graph, before any condition of order.

    sum_j A_ij - sum_l l U_il = c_i      a row does to t what its node says (row sums)
    sum_l U_il = 1, sum_l V_l = 1        a row keeps constants (pre-consistency)

and which evaluations, rows and symbols nothing depends on. Exact; a row of rounded decimals is
compared to within what its digits leave open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from butcher.analysis.conditions.system import origin
from butcher.analysis.entry import NOTHING, Entry, NotHomogeneousError, entry, total
from butcher.analysis.limits import UndefinedError
from butcher.ir.graph import Graph, Row
from butcher.spec.scheme import clock


@dataclass(frozen=True)
class RowSum:
    """The argument of an evaluation: what it does to t, `sum`, against its node c, in steps.

    slot   whose values were added up: the one that tells the time there.
    """

    evaluation: str
    row: str
    slot: str
    sum: Entry
    c: Entry

    @property
    def residual(self) -> Entry:
        """sum - c; its radius is the rounding that is allowed for."""
        return self.sum - self.c

    @property
    def holds(self) -> bool:
        return self.residual.may_be(0)


@dataclass(frozen=True)
class Advance:
    """What a new value or an estimate does to t with the values of one slot, in steps.

    Of a one-step method that is the sum of the weights. `wanted` is 1, or 0 for an `err` row.
    """

    row: str
    slot: str
    sum: Entry
    wanted: int

    @property
    def holds(self) -> bool:
        return self.sum.may_be(self.wanted)


@dataclass(frozen=True)
class Constant:
    """What a row makes of the constant 1: the sum of its values' coefficients, which is to be 1.

    of    the evaluation whose argument the row is, or the state whose new value it is.
    sum   None where it depends on h.
    """

    row: str
    of: str
    sum: Entry | None

    @property
    def holds(self) -> bool:
        return self.sum is not None and self.sum.may_be(1)


@dataclass(frozen=True)
class Consistency:
    """The facts of one graph.

    row_sums       of every argument that keeps constants and whose c is known.
    advances       of every new value and every estimate, slot by slot; absent where the
                   coefficients of evaluations are no multiples of h, or the slot is linear.
    constants      every argument and every new value that reads no linear slot: what such a slot
                   makes of a constant is trained.
    dead           the evaluations that no new value depends on. Those of `for_estimates` are
                   read by an estimate, and are computed where the step is controlled.
    dead_symbols   the symbols on which neither of them depends.
    re_evaluated   evaluations of old states alone, `f(u[n-1])`: what was known one block ago.
    """

    row_sums: tuple[RowSum, ...]
    advances: tuple[Advance, ...]
    constants: tuple[Constant, ...]
    dead: tuple[str, ...]
    for_estimates: tuple[str, ...]
    dead_symbols: tuple[str, ...]
    re_evaluated: tuple[str, ...]


def consistency(graph: Graph) -> Consistency:
    """Everything above, of one graph; symbols at their start values."""
    new = _reachable(graph, graph.outputs)
    read = _reachable(graph, [*graph.outputs, *(e.row for e in graph.estimates)])
    evaluations = [e.key for e in graph.evaluations]
    dead = tuple(key for key in evaluations if key not in new)
    constants = tuple(_constants(graph))
    return Consistency(
        row_sums=tuple(_row_sums(graph)),
        advances=tuple(_advances(graph)),
        constants=constants,
        dead=dead,
        for_estimates=tuple(key for key in dead if key in read),
        dead_symbols=_dead_symbols(graph, read),
        re_evaluated=tuple(e.key for e in graph.evaluations if _is_old(graph, e.argument)),
    )


# ---------------------------------------------------------------------- sums


def _row_sums(graph: Graph) -> Iterable[RowSum]:
    first = {
        slot for equation in graph.ode if equation.derivative == 1 for slot, _ in equation.slots
    }
    for evaluation in graph.evaluations:
        slot = clock(graph.ode, evaluation.slot)
        if evaluation.c is None or slot not in first:
            continue
        row = graph.row[evaluation.argument]
        try:
            yield RowSum(
                evaluation.key, row.key, slot, _time(graph, row, slot), entry(evaluation.c, 0)
            )
        except (NotHomogeneousError, ZeroDivisionError):
            continue


def _time(graph: Graph, row: Row, slot: str) -> Entry:
    """What a row does to t, in steps, with the evaluations of one slot."""
    found = NOTHING
    for term in row.terms:
        if graph.is_value(term.source):
            lag = graph.state[term.source].lag
            found = found + entry(term.coefficient, 0).times(-lag)
            continue
        if _slot(graph, term.source) == slot:
            found = found + entry(term.coefficient, 1)
    return found


def _advances(graph: Graph) -> Iterable[Advance]:
    rows = dict.fromkeys(_new_rows(graph), 1)
    rows |= {e.row: 0 if e.kind == "err" else 1 for e in graph.estimates}
    first = {slot for e in graph.ode if e.derivative == 1 for slot, _ in e.slots}
    for key, wanted in rows.items():
        terms = graph.row[key].terms if key in graph.row else ()
        slots = dict.fromkeys(_slot(graph, t.source) for t in terms)
        for slot in (s for s in slots if s in first and s not in graph.linear):
            try:
                yield Advance(key, slot, _time(graph, graph.row[key], slot), wanted)
            except (NotHomogeneousError, ZeroDivisionError):
                continue


def _slot(graph: Graph, source: str) -> str:
    """The slot whose value it is, now or some blocks ago; empty for a value."""
    if source in graph.evaluation:
        return graph.evaluation[source].slot
    state = graph.state[source]
    try:
        return "" if state.kind == "value" else graph.evaluation[origin(graph, state)[0]].slot
    except UndefinedError:
        return ""


def _constants(graph: Graph) -> Iterable[Constant]:
    rows = [(e.argument, e.key) for e in graph.evaluations]
    for state, key in zip(graph.states, graph.outputs, strict=True):
        if state.is_newest:
            rows.append((key, state.key))
    linear = {e.key for e in graph.evaluations if e.slot in graph.linear}
    for key, of in rows:
        if key in graph.row and linear.isdisjoint(graph.row[key].coefficients):
            yield _constant(graph, key, of)


def _constant(graph: Graph, key: str, of: str) -> Constant:
    terms = [t for t in graph.row[key].terms if graph.is_value(t.source)]
    try:
        return Constant(key, of, total([entry(t.coefficient, 0) for t in terms]))
    except (NotHomogeneousError, ZeroDivisionError):
        return Constant(key, of, None)


def _new_rows(graph: Graph) -> list[str]:
    states = zip(graph.states, graph.outputs, strict=True)
    return [key for state, key in states if state.is_newest]


# ---------------------------------------------------------------------- what depends on what


def _reachable(graph: Graph, ends: Iterable[str]) -> set[str]:
    """The keys that the ends are computed from, these included."""
    found: set[str] = set()
    waiting = list(ends)
    while waiting:
        key = waiting.pop()
        if key in found:
            continue
        found.add(key)
        if key in graph.row:
            waiting += (term.source for term in graph.row[key].terms)
        elif key in graph.evaluation:
            waiting.append(graph.evaluation[key].argument)
    return found


def _dead_symbols(graph: Graph, read: set[str]) -> tuple[str, ...]:
    live = graph.changed(
        rows=(row for row in graph.rows if row.key in read),
        evaluations=(e for e in graph.evaluations if e.key in read),
    )
    used = live.names
    return tuple(symbol.name for symbol in graph.symbols if symbol.name not in used)


def _is_old(graph: Graph, key: str) -> bool:
    """Whether a row is made of values that were known one block ago."""
    sources = [graph.state.get(term.source) for term in graph.row[key].terms]
    return all(s is not None and s.kind == "value" and s.lag > 0 for s in sources)
