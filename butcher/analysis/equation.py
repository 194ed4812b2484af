"""Which equation the slots of a graph belong to."""

from __future__ import annotations

from butcher.analysis.limits import UndefinedError
from butcher.ir.graph import Graph


def check_equation(graph: Graph) -> None:
    """Raise UndefinedError where a slot, unless it is a linear map, stands in no equation."""
    slots = [slot for slot in graph.slots if slot not in graph.linear]
    if slots and not graph.ode:
        states = dict.fromkeys(s.name for s in graph.states if s.kind == "value")
        if len(states) > 1:
            raise UndefinedError(f"no ode clause says what drives {_listed(states)}")
        raise UndefinedError(f"no ode clause says which equation has {_listed(slots)} in it")
    known = {slot for equation in graph.ode for slot, _ in equation.slots}
    for slot in slots:
        if slot not in known:
            raise UndefinedError(f"slot {slot} does not stand in the ode clause")


def _listed(names: list[str] | dict[str, None]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
