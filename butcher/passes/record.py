"""Let a one-step method start a multistep one: take its states, and hand them on one block older.

euler, recorded for ab2:    f[n] = f(u[n]);  u[n+1] = u[n] + h f[n];  f[n-1]' = f[n]
"""

from __future__ import annotations

from dataclasses import replace

from butcher.ir.graph import Evaluation, Graph, State, indexed


class NotRecordableError(ValueError):
    """A method that cannot start the other one; the message says why."""


def record(graph: Graph, states_of: Graph) -> Graph:
    """The one-step `graph` that takes and gives the states of the multistep `states_of`.

    Its new value is that of `graph`; every earlier value and kept evaluation becomes the one that
    is a block younger, and an evaluation of u[n] that is new there is that of `graph`, which then
    has the same key. Nothing earlier is read. Both graphs are explicit.
    """
    newest = _newest(states_of)
    _is_one_step(graph, states_of)
    new = _new_evaluations(graph, states_of, newest)
    (state,), (output,) = graph.states, graph.outputs
    names = {state.key: newest.key}
    for wanted, found in new.items():
        names.setdefault(found, wanted)
    if output in graph.row:
        names[output] = indexed(newest.name, newest.index + 1)
    names = _distinct(names, graph, states_of)
    becomes = dict(zip(states_of.state, states_of.outputs, strict=True))
    becomes |= {key: names[new[o]] for key, o in becomes.items() if o in new}
    becomes[newest.key] = names[output]
    return replace(
        _renamed(graph, names),
        states=states_of.states,
        outputs=tuple(becomes.values()),
        estimates=(),
    )


def _newest(graph: Graph) -> State:
    names = dict.fromkeys(s.name for s in graph.states if s.kind == "value")
    if len(names) > 1:
        raise NotRecordableError(f"{graph.name} has states of several names, {', '.join(names)}")
    if len(graph.states) == 1:
        raise NotRecordableError(
            f"{graph.name} is a one-step method: it keeps nothing, so nothing has to start it"
        )
    return next(s for s in graph.states if s.is_newest)


def _is_one_step(graph: Graph, other: Graph) -> None:
    if len(graph.states) > 1:
        keys = ", ".join(graph.state)
        raise NotRecordableError(
            f"{graph.name} keeps {keys}, and what starts {other.name} is a one-step method of one "
            f"state, such as euler or rk4"
        )
    slots, wanted = set(graph.slots), set(other.slots)
    if slots != wanted:
        raise NotRecordableError(
            f"{graph.name} has the slots {_listed(slots)}, {other.name} has {_listed(wanted)}"
        )
    if graph.timed != other.timed:
        one = graph if graph.timed else other
        raise NotRecordableError(
            f"{one.name} gives the time to its slots, and the other of the two does not"
        )


def _new_evaluations(graph: Graph, other: Graph, newest: State) -> dict[str, str]:
    """The evaluations of `other` that it keeps -> those of `graph` of the same slot.

    Both evaluate u[n] itself, at the time of the block.
    """
    found: dict[str, str] = {}
    for key in other.outputs:
        if key not in other.evaluation:
            continue
        kept = other.evaluation[key]
        if other.reads(kept) != newest.key or not _now(other, kept):
            raise NotRecordableError(
                f"{other.name} keeps {kept.slot} of what it computes, and what starts it knows "
                f"{kept.slot}({newest.key}) alone"
            )
        same = (
            e.key
            for e in graph.evaluations
            if e.slot == kept.slot and graph.reads(e) is not None and _now(graph, e)
        )
        first = next(same, None)
        if first is None:
            raise NotRecordableError(
                f"{other.name} keeps {kept.slot}({newest.key}), which {graph.name} never evaluates"
            )
        found[key] = first
    return found


def _now(graph: Graph, evaluation: Evaluation) -> bool:
    return evaluation.slot not in graph.timed or not evaluation.c


def _distinct(names: dict[str, str], graph: Graph, other: Graph) -> dict[str, str]:
    """A key for everything in the graph; one that would be there twice is primed."""
    found = {graph.states[0].key: names[graph.states[0].key]}
    taken = set(other.state)
    for key in sorted([*graph.evaluation, *graph.row], key=lambda key: key not in names):
        found[key] = names.get(key, key)
        while found[key] in taken:
            found[key] += "'"
        taken.add(found[key])
    return found


def _renamed(graph: Graph, names: dict[str, str]) -> Graph:
    return replace(
        graph,
        evaluations=tuple(
            replace(e, key=names[e.key], argument=names[e.argument]) for e in graph.evaluations
        ),
        rows=tuple(
            replace(
                row,
                key=names[row.key],
                terms=tuple(replace(t, source=names[t.source]) for t in row.terms),
            )
            for row in graph.rows
        ),
    )


def _listed(slots: set[str]) -> str:
    return ", ".join(sorted(slots)) or "none"
