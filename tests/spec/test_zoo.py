"""The shipped specs: true, complete, and laid out as `butcher fmt` does it."""

from __future__ import annotations

import pytest

from butcher.compiler import examine, formatted, load, shipped
from butcher.errors import Severity


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_spec_is_laid_out_canonically(name: str) -> None:
    data = shipped()[name].read_bytes()
    assert formatted(data, name) == data


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_spec_says_who_it_is(name: str) -> None:
    scheme = load(name)
    assert scheme.name == name
    assert scheme.title
    assert scheme.cite


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_spec_reaches_exactly_what_it_claims(name: str) -> None:
    verdict = examine(load(name))
    assert verdict.scheme is not None
    claim = verdict.scheme.claim
    found = {d.code for d in verdict.diagnostics if d.severity is not Severity.NOTE}
    assert found <= {"B410", "B411"} | ({"B304"} if name == "verner89_as_printed" else set())
    if claim is not None:
        assert (claim.order, claim.embedded) == (verdict.order, verdict.embedded_order)
        assert verdict.order_nonautonomous == verdict.order
