"""The error of a step by an embedded pair: the difference of two solutions, which both stay."""

from __future__ import annotations

import pytest
from ir.residues import run

from butcher.compiler import load, shipped
from butcher.compiler.control import controlled, reason_against
from butcher.ir.lower import lower
from butcher.ir.verify import verify

PAIRS = [name for name in shipped() if reason_against(load(name)) is None]


@pytest.mark.parametrize("name", PAIRS)
def test_the_error_is_the_difference_of_the_two_solutions(name: str) -> None:
    """Interpreted exactly; the stages that only the estimate needs are there."""
    plain = lower(load(name))
    graph = controlled(load(name), plain)
    verify(graph)
    assert len(graph.evaluations) == len(plain.evaluations)
    before, after = run(plain), run(graph, of=plain)
    assert after.outputs == before.outputs
    (new,), (other,) = before.outputs, before.estimates
    (error,) = after.estimates
    if plain.estimates[0].kind == "err":
        assert error == other
    else:
        assert error + other == new


def test_a_last_stage_that_reads_the_new_value_is_told_by_its_row() -> None:
    """So its argument is computed once."""
    graph = controlled(load("dopri54"), lower(load("dopri54")))
    assert graph.evaluation["k7"].argument == "u[n+1]"
    assert "Y7" not in graph.row
    graph = controlled(load("verner65"), lower(load("verner65")))
    assert graph.evaluations[-1].argument != "u[n+1]"
