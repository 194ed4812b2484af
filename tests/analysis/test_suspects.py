"""What would mend a table, sought over cells that analysis knows by row and source."""

from fractions import Fraction

import pytest

import butcher
from butcher.analysis.conditions.order import order
from butcher.analysis.repair.suspects import Repairs, repairs
from butcher.analysis.repair.tableau import Cell
from butcher.coefficient import Coefficient, Number
from butcher.ir.graph import STEP, Graph, Row, Term
from butcher.ir.lower import lower

WRONG = Fraction(3, 1000)


def mistyped(graph: Graph, key: str, source: str, by: Fraction = WRONG) -> Graph:
    """The graph with one coefficient changed, which may be one that is not there."""
    row = graph.row[key]
    factors = dict(row.coefficients)
    factors[source] = factors.get(source, Coefficient.of(0)) + STEP * Coefficient.of(by)
    terms = tuple(Term(s, factor) for s, factor in factors.items() if factor)
    return graph.changed(rows=[Row(key, terms) if r.key == key else r for r in graph.rows])


def cells(graph: Graph) -> list[Cell]:
    """Those of an explicit method, below the diagonal; an implicit one's are all."""
    found = []
    stages = [e.key for e in graph.evaluations]
    under = [*graph.outputs, *(e.row for e in graph.estimates)]
    for group, key in enumerate([*(e.argument for e in graph.evaluations), *under]):
        before = stages if key in under or not graph.is_explicit else stages[:group]
        found += [Cell(key, source, "f", group) for source in before]
        if key not in under and graph.evaluations[group].node is not None:
            found.append(Cell(key, None, "f", group))
    return found


def sought(graph: Graph, wanted: dict[str, int]) -> Repairs:
    results = order(graph, max(wanted.values())).each
    return repairs(graph, cells(graph), wanted, results)


@pytest.mark.parametrize(
    ("name", "row", "source", "wanted"),
    [
        ("rk4", "Y3", "k2", {"u[n+1]": 4}),
        ("rk4", "u[n+1]", "k2", {"u[n+1]": 4}),
        ("rk4", "Y4", "k1", {"u[n+1]": 4}),  # a cell that is zero
        ("dopri54", "Y5", "k3", {"u[n+1]": 5, "bhat[u]": 4}),
        ("dopri54", "bhat[u]", "k4", {"u[n+1]": 5, "bhat[u]": 4}),
        ("tsit5", "Y4", "k2", {"u[n+1]": 5}),
        ("gauss4", "Y1", "k2", {"u[n+1]": 4}),
    ],
)
def test_the_wrong_coefficient_is_found(
    name: str, row: str, source: str, wanted: dict[str, int]
) -> None:
    found = sought(mistyped(lower(butcher.load(name)), row, source), wanted)
    assert found.complete
    changes = [repair.changes[0] for repair in found.found if repair.kind == "one"]
    (mine,) = [c for c in changes if (c.cell.row, c.cell.source) == (row, source)]
    assert abs(mine.by.value + Number.of(WRONG)) <= Fraction(1, 10**14)


def test_a_method_that_holds_has_no_suspects() -> None:
    assert sought(lower(butcher.load("rk4")), {"u[n+1]": 4}).found == ()


def test_two_wrong_coefficients_are_no_one_s_fault() -> None:
    graph = mistyped(lower(butcher.load("rk4")), "Y3", "k2")
    found = sought(mistyped(graph, "u[n+1]", "k1"), {"u[n+1]": 4})
    assert found == Repairs((), True)


def test_two_wrong_rows_are_mended_together() -> None:
    graph = mistyped(lower(butcher.load("verner65")), "Y4", "k3")
    found = sought(mistyped(graph, "Y6", "k2", -2 * WRONG), {"u[n+1]": 6, "bhat[u]": 5})
    (pair,) = found.found
    assert {(c.cell.row, c.cell.source, c.by.value) for c in pair.changes} == {
        ("Y4", "k3", Number.of(-WRONG)),
        ("Y6", "k2", Number.of(2 * WRONG)),
    }


def test_a_cell_that_stands_quadratically_is_found() -> None:
    """Without its node, the second stage of Verner's method enters by its square first."""
    graph = lower(butcher.load("verner87"))
    bare = graph.changed(
        evaluations=[
            type(e)(e.key, e.slot, e.argument, e.group, e.c, e.span) for e in graph.evaluations
        ]
    )
    wrong = mistyped(bare, "Y5", "k3", Fraction(816, 125))
    found = sought(wrong, {"u[n+1]": 8, "bhat[u]": 7}).found
    assert [(c.cell.row, c.cell.source, c.by.value) for r in found for c in r.changes] == [
        ("Y5", "k3", Number.of(Fraction(-816, 125)))
    ]


def test_a_dense_table_of_64_stages_is_not_searched() -> None:
    graph = lower(butcher.load("rk4"))
    many = [Cell("Y2", "k1", "f", n) for n in range(2000)]
    assert repairs(graph, many, {"u[n+1]": 5}, order(graph, 5).each) == Repairs((), False)
