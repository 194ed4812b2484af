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
exact = st.sampled_from(COEFFICIENTS[:-1])
"""Without what is drawn."""


def sums(
    sources: Sequence[str], coefficients: st.SearchStrategy[Coefficient] = few, least: int = 0
) -> st.SearchStrategy[dict[str, Coefficient]]:
    if not sources:
        return st.just({})
    most = min(3, len(sources))
    return st.dictionaries(
        st.sampled_from(list(sources)), coefficients, min_size=least, max_size=most
    )


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
            if circles and how == "new":
                terms = {**terms, draw(st.sampled_from(evaluations[i:])): draw(few)}
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


@st.composite
def reversible(draw: st.DrawFn) -> Graph:
    """Two or three streams, each moved by what its inverse knows by then, one maybe two-step.

    The inverse begins with the last stream, so the argument of one is a new value that stands
    above it, or any old ones that stand below it.
    """
    names = ["x", "y", "z"][: draw(st.integers(2, 3))]
    old = State("z", -1, "value", 1) if "z" in names and draw(st.booleans()) else None
    evaluations, rows, outputs = [], [], []
    for i, name in enumerate(names):
        below = [f"{other}[n]" for other in names[i + 1 :]]
        if i and (not below or draw(st.booleans())):
            argument = f"{draw(st.sampled_from(names[:i]))}[n+1]"
        else:
            argument = f"Y{i}"
            rows.append(row(argument, draw(sums(below, exact, least=1))))
        evaluations.append(evaluation(f"k{i}", "f", argument, c=F(i)))
        moved = {f"{name}[n]": draw(exact), f"k{i}": draw(exact), **draw(sums(below, exact))}
        if old is not None and name == "z":
            moved["z[n-1]"] = draw(exact)
        rows.append(row(f"{name}[n+1]", moved))
        outputs.append(rows[-1].key)
    states = [State(name, 0, "value", 0) for name in names] + ([old] if old else [])
    outputs += ["z[n]"] if old else []
    return method("reversible", states, evaluations, rows, outputs, symbols=[A, P])
