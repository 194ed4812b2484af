"""All passes on every shipped method, one after the other, as the compiler makes them."""

from __future__ import annotations

import pytest
from ir.residues import Residue, run

import butcher
from butcher.ir.graph import Graph
from butcher.ir.interpret import Result
from butcher.ir.lower import Step, lower
from butcher.ir.verify import verify
from butcher.passes.prune import prune
from butcher.passes.schedule import Evaluate, schedule
from butcher.passes.share import share
from butcher.passes.unroll import unroll
from butcher.resources import root

SPECS = sorted(f.name for f in root("specs").iterdir() if f.name.endswith(".tab"))
STEPS: list[Step] = ["fixed", "per-stage"]


def by_state(graph: Graph, result: Result[Residue]) -> dict[str, Residue]:
    return dict(zip(graph.state, result.outputs, strict=True))


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("step", STEPS)
def test_passes_keep_the_meaning_of_a_shipped_method(name: str, step: Step) -> None:
    graph = lower(butcher.load(name.removesuffix(".tab")), step)
    verify(graph)
    before = run(graph)
    if graph.is_explicit or graph.sweeps is not None:
        explicit = share(unroll(graph))
        verify(explicit)
        assert run(explicit, of=graph).outputs == before.outputs
        assert run(explicit, of=graph).estimates == before.estimates
        evaluated = [s.evaluation for s in schedule(explicit) if isinstance(s, Evaluate)]
        assert evaluated == list(explicit.evaluations)
        graph, before = explicit, run(explicit, of=graph)
    pruned = prune(graph)
    verify(pruned)
    expected = by_state(graph, before)
    for key, value in by_state(pruned, run(pruned, of=graph)).items():
        assert value == expected[key]
