"""The one wrong coefficient of a table is found, and what it should be."""

from fractions import Fraction

import pytest

import butcher
from butcher.analysis.suspects import suspects
from butcher.coefficient import Coefficient, Number
from butcher.ir.graph import STEP, Graph, Row, Term
from butcher.ir.lower import lower

WRONG = Fraction(3, 1000)


def mistyped(graph: Graph, key: str, source: str) -> Graph:
    row = graph.row[key]
    terms = tuple(
        Term(t.source, t.coefficient + STEP * Coefficient.of(WRONG)) if t.source == source else t
        for t in row.terms
    )
    return graph.changed(rows=[Row(key, terms) if r.key == key else r for r in graph.rows])


@pytest.mark.parametrize(
    ("name", "row", "source", "wanted"),
    [
        ("rk4", "Y3", "k2", {"u[n+1]": 4}),
        ("rk4", "u[n+1]", "k2", {"u[n+1]": 4}),
        ("dopri54", "Y5", "k3", {"u[n+1]": 5, "bhat[u]": 4}),
        ("dopri54", "bhat[u]", "k4", {"u[n+1]": 5, "bhat[u]": 4}),
        ("tsit5", "Y4", "k2", {"u[n+1]": 5}),
        ("gauss4", "Y1", "k2", {"u[n+1]": 4}),
    ],
)
def test_the_wrong_coefficient_is_found(
    name: str, row: str, source: str, wanted: dict[str, int]
) -> None:
    graph = lower(butcher.load(name))
    found = suspects(mistyped(graph, row, source), wanted)
    assert (row, source) in [(s.row, s.source) for s in found]
    for suspect in found:
        if (suspect.row, suspect.source) == (row, source):
            right = suspect.written - Number.of(WRONG)
            assert float(abs(suspect.mended - right)) < 1e-14


def test_a_method_that_holds_has_no_suspects() -> None:
    assert suspects(lower(butcher.load("rk4")), {"u[n+1]": 4}) == ()


def test_two_wrong_coefficients_are_no_one_s_fault() -> None:
    graph = mistyped(lower(butcher.load("rk4")), "Y3", "k2")
    assert suspects(mistyped(graph, "u[n+1]", "k1"), {"u[n+1]": 4}) == ()
