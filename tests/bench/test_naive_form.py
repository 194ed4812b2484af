"""Naive forms compute what blocks compute, with the passes that the analysis counts."""

import pytest
import torch
from block.nets import Mix
from torch import nn

from butcher.analysis.network.cost import cost
from butcher.bench.item import Held, method
from butcher.bench.naive import Form, Naive, NoNaiveFormError
from butcher.bench.tally import passes
from butcher.bench.work import Work

U = torch.randn(2, 3, 4, 4, dtype=torch.float64)
FORMS: list[tuple[Held, Form]] = [
    ("fixed", "gathered"),
    ("learned", "gathered"),
    ("learned", "spread"),
    ("per-stage", "gathered"),
    ("per-stage", "spread"),
]


@pytest.mark.parametrize("name", ["euler", "rk4", "dopri54", "verner89"])
@pytest.mark.parametrize(("held", "form"), FORMS)
def test_it_computes_what_the_block_computes(name: str, held: Held, form: Form) -> None:
    of = method(name, held)
    branches: list[nn.Module] = [Mix() for _ in of.graph.evaluations]
    expected = of.block(branches)(U)
    torch.testing.assert_close(of.naive(branches, form)(U), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["rk4", "rk38", "dopri54", "verner89", "feagin108"])
def test_its_passes_are_those_that_the_analysis_counts_as_written(name: str) -> None:
    of = method(name, "fixed")

    def make(branches: object) -> nn.Module:
        return of.naive(branches, "gathered")  # type: ignore[arg-type]

    count = len(of.graph.evaluations)
    work = Work(name, "naive", name, "fixed", count, False, make, nn.Identity())
    forward, _ = passes(work)
    # a factor of 1 is counted there as a product, and is not written here
    ones = sum(
        abs(float(term.coefficient.start())) == 1 and term.source in of.graph.evaluation
        for row in of.graph.rows
        for term in row.terms
        if row.only_source is None
    )
    wanted = cost(of.graph).as_written
    minus = sum(float(t.coefficient.start()) == -1 for r in of.graph.rows for t in r.terms)
    assert forward.passes == wanted.passes - 2 * (ones - minus)
    assert forward.kernels == wanted.kernels - (ones - minus)


def test_trained_coefficients_have_none() -> None:
    with pytest.raises(NoNaiveFormError, match="heun_family has"):
        Naive(method("heun_family", "fixed").graph, [], "gathered")
