"""Every shipped spec has the order it claims, and a wrong digit is seen."""

import re
from ast import literal_eval
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import kauri
import pytest
from method_graphs import zero_stable

import butcher
from butcher.analysis.conditions.order import order, order_nonautonomous
from butcher.analysis.consistency import consistency
from butcher.analysis.entry import entry
from butcher.analysis.multistep.root_condition import zero_stability
from butcher.coefficient import Coefficient, Number
from butcher.ir.graph import STEP, Graph, Row, Term
from butcher.ir.lower import lower
from butcher.passes.unroll import unroll
from butcher.resources import root

TEXTS = {
    path.name.removesuffix(".tab"): path.read_text(encoding="utf-8")
    for path in root("specs").iterdir()
}
NAMES = sorted(TEXTS)
CLAIMED = [name for name in NAMES if re.search(r"^ *order ", TEXTS[name], re.MULTILINE)]
GRAPHS: dict[str, Graph] = {}


def graph_of(name: str) -> Graph:
    if name not in GRAPHS:
        GRAPHS[name] = lower(butcher.load(name))
    return GRAPHS[name]


@pytest.mark.parametrize("name", CLAIMED)
def test_a_claimed_order_is_reached_and_not_exceeded(name: str) -> None:
    claim = butcher.load(name).claim
    assert claim is not None
    graph = graph_of(name)
    orders = order(graph, up_to=claim.order + 1)
    assert (orders.advanced.order, orders.advanced.outcome) == (claim.order, "fails")
    assert [r.order for r in orders.estimates] == [claim.embedded] * len(orders.estimates)
    timed = order_nonautonomous(graph, claim.order + 1)
    assert timed.advanced.order == claim.order
    assert zero_stable(graph) is True


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lm_resnet", 0),  # it advances u' = f(u)/(1 + k)
        ("revnet", 1),
        ("rezero", 1),
        ("second_order", 2),
        ("polynet_poly2", None),
        ("fractalnet", None),
        ("verner89_as_printed", 0),
    ],
)
def test_the_order_of_what_claims_none(name: str, expected: int | None) -> None:
    result = order(graph_of(name)).advanced
    assert result.order == expected
    assert (result.reason is None) == (expected is not None)


@pytest.mark.parametrize("name", ["rk4", "kutta3", "dopri54", "verner65", "gauss4", "radau_iia3"])
def test_weights_are_those_of_an_independent_package(name: str) -> None:
    graph, claim = graph_of(name), butcher.load(name).claim
    assert claim is not None
    keys = [e.key for e in graph.evaluations]

    def cells(row: Row) -> list[float]:
        found = row.coefficients
        return [float(entry(found[k], 1).value) if k in found else 0.0 for k in keys]

    other = kauri.RK(
        [cells(graph.row[e.argument]) for e in graph.evaluations], cells(graph.row["u[n+1]"])
    )
    for failure in order(graph).advanced.failures:
        tree = kauri.Tree(literal_eval(failure.tree))
        weight = other.elementary_weights_map()(tree)
        assert float(weight) == pytest.approx(float(failure.got), abs=1e-12)  # type: ignore[arg-type]


# ---------------------------------------------------------------------- typing mistakes


def mutants(graph: Graph, change: Fraction) -> list[Graph]:
    """One coefficient of an evaluation changed at a time."""
    found = []
    for i, row in enumerate(graph.rows):
        for j, term in enumerate(row.terms):
            if term.source not in graph.state:
                wrong = Term(term.source, term.coefficient + STEP * Coefficient.of(change))
                terms = (*row.terms[:j], wrong, *row.terms[j + 1 :])
                rows = (*graph.rows[:i], Row(row.key, terms), *graph.rows[i + 1 :])
                found.append(graph.changed(rows=rows))
    return found


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("rk4", Fraction(1, 10**6)),
        ("bs32", Fraction(1, 10**6)),
        ("dopri54", Fraction(1, 10**6)),
        ("gauss4", Fraction(1, 10**30)),
        ("verner65", Fraction(1, 10**30)),
        ("tsit5", Fraction(1, 10**12)),
        ("ab5", Fraction(1, 10**6)),
    ],
)
def test_every_single_wrong_coefficient_is_seen(name: str, change: Fraction) -> None:
    graph, claim = graph_of(name), butcher.load(name).claim
    assert claim is not None
    for mutant in mutants(graph, change):
        orders = order(mutant, claim.order)
        embedded = [result.order == claim.embedded for result in orders.estimates]
        sums = all(one.holds for one in consistency(mutant).row_sums)
        assert not (orders.advanced.order == claim.order and all(embedded) and sums)


def test_swapped_entries_of_a_row_fail_the_order_check() -> None:
    graph = graph_of("dopri54")
    for i, row in enumerate(graph.rows):
        cells = [j for j, term in enumerate(row.terms) if term.source not in graph.state]
        for a, b in pairwise(cells):
            terms = list(row.terms)
            terms[a] = Term(row.terms[a].source, row.terms[b].coefficient)
            terms[b] = Term(row.terms[b].source, row.terms[a].coefficient)
            rows = (*graph.rows[:i], Row(row.key, tuple(terms)), *graph.rows[i + 1 :])
            orders = order(graph.changed(rows=rows), 5)
            assert (orders.advanced.order, orders.estimates[0].order) != (5, 4)


# ---------------------------------------------------------------------- facts of the rows


@pytest.mark.parametrize("name", NAMES)
def test_rows_sum_to_their_nodes(name: str) -> None:
    assert all(one.holds for one in consistency(graph_of(name)).row_sums)


def test_what_keeps_no_constants_is_named() -> None:
    found = consistency(graph_of("polynet_poly2"))
    assert [(c.of, c.sum and c.sum.value) for c in found.constants if not c.holds] == [("k2", 0)]
    assert all(constant.holds for constant in consistency(graph_of("lm_resnet")).constants)


@pytest.mark.parametrize("name", CLAIMED)
def test_a_new_value_stands_one_step_later(name: str) -> None:
    found = consistency(graph_of(name)).advances
    assert found
    assert all(one.holds for one in found)


def test_each_slot_of_an_additive_method_advances_by_a_step() -> None:
    text = """
        method split
          ode u' = f(u) + g(u)
        step
          u[n+1] = u[n] + h*f(u[n]) + 1/2*h*g(u[n] + h*f(u[n]))
    """
    found = consistency(lower(butcher.parse(text))).advances
    assert [(a.slot, a.sum.value, a.holds) for a in found] == [
        ("f", 1, True),
        ("g", Fraction(1, 2), False),
    ]


def test_dead_stages_are_told_from_those_of_the_estimate() -> None:
    found = consistency(graph_of("verner89"))
    assert found.dead == found.for_estimates == ("k15", "k16")
    without = consistency(graph_of("verner89").changed(estimates=()))
    assert (without.dead, without.for_estimates) == (("k15", "k16"), ())


def test_dead_symbols_and_old_evaluations_are_named() -> None:
    text = """
        method old
          learn a = 1
          param p = 1/2
          param q = 1/2
          random eta ~ bernoulli(p)
        step
          u[n+1] = u[n] + eta*h*f(u[n]) + h*f(u[n-1])
    """
    found = consistency(lower(butcher.parse(text)))
    assert set(found.dead_symbols) == {"a", "q"}
    assert len(found.re_evaluated) == 1


def test_milne_s_method_is_weakly_stable() -> None:
    found = zero_stability(graph_of("milne_simpson4"))
    assert found is not None
    assert (found.stable, found.weak) == (True, True)


def test_the_proof_holds_with_a_step_a_stage() -> None:
    graph = lower(butcher.load("rk4"), "per-stage", Number.of(Fraction(1, 2)))
    assert order(graph).advanced.order == 4
    assert order_nonautonomous(graph).advanced.order == 4


# ---------------------------------------------------------------------- sweeps


@pytest.mark.parametrize("sweeps", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    ("name", "full"), [("implicit_midpoint", 2), ("am2", 3), ("gauss4", 4), ("radau_iia3", 3)]
)
def test_every_sweep_is_worth_an_order_until_the_method_s_own(
    name: str, full: int, sweeps: int
) -> None:
    unrolled = unroll(replace(graph_of(name), sweeps=sweeps))
    assert order(unrolled).advanced.order == min(full, sweeps)


# ---------------------------------------------------------------------- digits

DECIMAL = [
    name
    for name in CLAIMED
    if any(t.coefficient.radius for row in graph_of(name).rows for t in row.terms)
]


def with_weight(graph: Graph, key: str, place: int, change: Fraction) -> Graph:
    """One term of a row is another, its rounding the same."""
    row = graph.row[key]
    term = row.terms[place]
    moved = Coefficient.of(change) * STEP + term.coefficient
    terms = (*row.terms[:place], Term(term.source, moved), *row.terms[place + 1 :])
    rows = [Row(key, terms) if r.key == key else r for r in graph.rows]
    return graph.changed(rows=rows)


def test_the_decimal_methods_are_known() -> None:
    assert set(DECIMAL) == {"dop853", "feagin108", "tsit5"}


@pytest.mark.parametrize("name", DECIMAL)
def test_a_change_of_a_weight_by_a_millionth_of_a_millionth_is_seen(name: str) -> None:
    graph, claim = graph_of(name), butcher.load(name).claim
    assert claim is not None
    for place, term in enumerate(graph.row["u[n+1]"].terms):
        if term.source in graph.state:
            continue
        for change in (Fraction(1, 10**12), Fraction(-1, 10**12)):
            result = order(with_weight(graph, "u[n+1]", place, change), 1).advanced
            assert (result.order, result.outcome, result.exact) == (0, "fails", False)


@pytest.mark.parametrize(("name", "digits"), [("tsit5", 83), ("feagin108", 58)])
def test_every_digit_printed_counts(name: str, digits: int) -> None:
    graph = graph_of(name)
    change = Fraction(1, 10**digits)
    assert order(with_weight(graph, "u[n+1]", 1, change), 1).advanced.order == 0
    small = Fraction(1, 10 ** (digits + 4))
    assert order(with_weight(graph, "u[n+1]", 1, small), 1).advanced.order == 1
