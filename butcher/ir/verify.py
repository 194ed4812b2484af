"""The invariants of a graph. What breaks one is our own bug, never the user's file."""

from __future__ import annotations

from butcher.ir.graph import Evaluation, Graph, Row, State


class InvariantError(AssertionError):
    """A graph that no lowering and no pass may make; the message names the broken invariant."""


def verify(graph: Graph) -> None:
    """Raise InvariantError unless the graph is well formed."""
    _keys_are_unique(graph)
    for row in graph.rows:
        _row_is_a_sum(graph, row)
    for evaluation in graph.evaluations:
        _evaluation_fits(graph, evaluation)
    _groups_have_one_slot(graph)
    _outputs_fit_the_states(graph)
    _estimates_are_rows(graph)
    _names_are_declared(graph)
    _hold(graph, graph.sweeps is None or graph.sweeps > 0, "there is at least one sweep")
    _order_is_computable(graph)


def _hold(graph: Graph, condition: bool, invariant: str) -> None:
    if not condition:
        raise InvariantError(f"graph {graph.name}: {invariant}")


def _keys_are_unique(graph: Graph) -> None:
    seen: set[str] = set()
    keys = [state.key for state in graph.states]
    keys += [evaluation.key for evaluation in graph.evaluations]
    keys += [row.key for row in graph.rows]
    for key in keys:
        _hold(graph, key not in seen, f"keys are unique, {key} is not")
        seen.add(key)


def _row_is_a_sum(graph: Graph, row: Row) -> None:
    seen: set[str] = set()
    for term in row.terms:
        source = term.source
        _hold(
            graph,
            source in graph.state or source in graph.evaluation,
            f"a row reads states and evaluations, {row.key} reads {source}",
        )
        _hold(
            graph, source not in seen, f"a row reads a source once, {row.key} reads {source} more"
        )
        _hold(graph, bool(term.coefficient), f"no term is zero, that of {source} in {row.key} is")
        seen.add(source)


def _evaluation_fits(graph: Graph, evaluation: Evaluation) -> None:
    key, argument = evaluation.key, evaluation.argument
    _hold(graph, argument in graph.row, f"an evaluation reads a row, {key} reads {argument}")
    _hold(
        graph,
        evaluation.c is not None or evaluation.slot not in graph.timed,
        f"where slots are given the time, evaluations have an abscissa, {key} has none",
    )


def _groups_have_one_slot(graph: Graph) -> None:
    slot: dict[str, str] = {}
    for e in graph.evaluations:
        _hold(
            graph,
            slot.setdefault(e.group, e.slot) == e.slot,
            f"weights belong to one slot, {e.group} to {slot[e.group]} and {e.slot}",
        )


def _outputs_fit_the_states(graph: Graph) -> None:
    _hold(graph, len(graph.outputs) == len(graph.states), "each state has one output")
    _hold(graph, bool(graph.states), "there is a state")
    for state, output in zip(graph.states, graph.outputs, strict=True):
        _hold(
            graph,
            _becomes(graph, state, output),
            f"state {state.key} ({state.kind}, lag {state.lag}) cannot become {output}",
        )


def _becomes(graph: Graph, state: State, output: str) -> bool:
    """Whether a state of this kind and age may become this.

    A value becomes a row, or a value. An earlier evaluation becomes an evaluation of this block,
    or the evaluation that is a block younger.
    """
    younger = graph.state.get(output)
    if younger is not None:
        follows = younger.name == state.name and younger.lag == state.lag - 1
        return younger.kind == state.kind and (follows or state.lag == 0)
    return output in (graph.row if state.kind == "value" else graph.evaluation)


def _estimates_are_rows(graph: Graph) -> None:
    for estimate in graph.estimates:
        row, state = estimate.row, estimate.state
        _hold(graph, row in graph.row, f"an estimate is a row, {row} is none")
        _hold(
            graph,
            state in graph.state and graph.state[state].kind == "value",
            f"an estimate is one of a state's value, {state} is none",
        )


def _names_are_declared(graph: Graph) -> None:
    declared = [symbol.name for symbol in graph.symbols]
    _hold(graph, len(set(declared)) == len(declared), "a symbol is declared once")
    used = set(graph.names)
    for symbol in graph.symbols:
        if symbol.distribution is not None:
            used |= {name for a in symbol.distribution.arguments for name in a.names}
    for name in sorted(used):
        _hold(graph, name in graph.symbol, f"names are declared, {name} is not")


def _order_is_computable(graph: Graph) -> None:
    """Each evaluation stands behind those that it depends on, but for its own circle."""
    position = {e.key: i for i, e in enumerate(graph.evaluations)}
    circle = {key: circle for circle in graph.circles for key in circle}
    for e in graph.evaluations:
        for source in graph.row[e.argument].coefficients:
            _hold(
                graph,
                position.get(source, -1) < position[e.key]
                or (source in circle and circle[source] == circle.get(e.key)),
                f"evaluations are in computable order, {e.key} reads {source} and stands first",
            )
