"""Random graphs: several states, slots and lags, shared weights, equal and dead parts, circles."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from ir.graphs import ETA, F, H, P, declared, evaluation, method, of, row

from butcher.coefficient import Coefficient
from butcher.ir.graph import Estimate, Evaluation, Graph, Row, State

A = declared("a", "param", 3)
COEFFICIENTS = [F(1), F(-1), F(1, 2), F(2), H, H / 2, -H / 3, of(A), F(1) - of(A), of(ETA) * H]

few = st.sampled_from(COEFFICIENTS)


def sums(sources: Sequence[str]) -> st.SearchStrategy[dict[str, Coefficient]]:
    return st.dictionaries(st.sampled_from(list(sources)), few, max_size=3)


@st.composite
def state_lists(draw: st.DrawFn, evaluations: Sequence[str]) -> list[State]:
    """Values with their earlier values, then earlier evaluations, each with all younger ones."""
    found = []
    for name in ["u", "v"][: draw(st.integers(1, 2))]:
        found += [State(name, -i, "value", i) for i in range(draw(st.integers(1, 3)))]
    for key in evaluations:
        found += [State(key, -i, "evaluation", i) for i in range(1, 1 + draw(st.integers(0, 2)))]
    return found


@st.composite
def argument_lists(
    draw: st.DrawFn, states: Sequence[str], evaluations: Sequence[str], circles: bool
) -> tuple[list[Evaluation], list[Row]]:
    """Evaluations that often read the same row, or a row that says the same."""
    shared = draw(st.booleans())
    found: list[Evaluation] = []
    rows: list[Row] = []
    for i, key in enumerate(evaluations):
        slot = draw(st.sampled_from("fg"))
        how = draw(st.sampled_from(["new", "new", "same", "equal"] if rows else ["new"]))
        if how == "same":
            argument = draw(st.sampled_from(rows))
        else:
            sources = [*states, *(evaluations if circles else evaluations[:i])]
            terms = draw(sums(sources)) if how == "new" else rows[-1].coefficients
            argument = row(f"Y{i + 1}", terms)
            rows.append(argument)
        group = slot if shared else None
        c = draw(st.sampled_from([F(0), F(0), F(1, 2)]))
        found.append(evaluation(key, slot, argument.key, group, c))
    return found, rows


@st.composite
def graphs(draw: st.DrawFn, *, implicit: bool = False) -> Graph:
    """Well formed; an implicit one may by chance have no circle."""
    keys = [f"k{i}" for i in range(1, 1 + draw(st.integers(1 if implicit else 0, 5)))]
    states = draw(state_lists(keys))
    evaluations, rows = draw(argument_lists([s.key for s in states], keys, implicit))
    everything = [*(s.key for s in states), *keys]
    outputs, arguments = [], list(rows)
    for state in states:
        if state.lag > (1 if state.kind == "evaluation" else 0):
            outputs.append(State(state.name, state.index + 1, state.kind, state.lag - 1).key)
        elif state.kind == "evaluation":
            outputs.append(state.name)
        elif arguments and draw(st.booleans()):
            outputs.append(draw(st.sampled_from(arguments)).key)
        else:
            rows.append(row(f"{state.name}[n+1]", draw(sums(everything))))
            outputs.append(rows[-1].key)
    estimates = []
    if draw(st.booleans()):
        rows.append(row("err", draw(sums(everything))))
        estimates.append(Estimate("err", states[0].key, "err"))
    if draw(st.booleans()):
        rows.append(row("w", draw(sums(everything))))
    if implicit:
        evaluations, rows = by_need(evaluations, rows)
    return method(
        "random",
        states,
        evaluations,
        rows,
        outputs,
        symbols=[A, P, ETA],
        estimates=estimates,
        time=draw(st.booleans()),
        sweeps=draw(st.integers(1, 3)) if implicit else None,
    )


def by_need(
    evaluations: Sequence[Evaluation], rows: Sequence[Row]
) -> tuple[list[Evaluation], list[Row]]:
    """An order that is computable but for circles: what needs fewer evaluations comes first."""
    argument = {e.key: e.argument for e in evaluations}
    needs = {r.key: {s for s in r.coefficients if s in argument} for r in rows}
    for _ in evaluations:
        needs = {
            key: found.union(*(needs[argument[source]] for source in found))
            for key, found in needs.items()
        }
    return (
        sorted(evaluations, key=lambda e: (len(needs[e.argument]), e.key not in needs[e.argument])),
        sorted(rows, key=lambda r: len(needs[r.key])),
    )
