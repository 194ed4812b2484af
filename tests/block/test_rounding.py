"""Rounding errors of emitted blocks, measured, against the bound that the analysis predicts.

As the model has it: states of size one; sub-nets that are computed in double precision and
rounded once, with values of at most size one and Lipschitz constant 1.
"""

from __future__ import annotations

import pytest
import torch
from block.nets import SPECS, given, source_of, taken
from torch import Tensor, nn

from butcher.analysis.network.amplification import UNIT_ROUNDOFF, amplification
from butcher.block import live_class
from butcher.compiler import load
from butcher.compiler.sweeps import straightened
from butcher.ir.graph import Graph
from butcher.ir.lower import lower

WIDTH, SAMPLES = 32, 32


class Rotated(nn.Module):
    """tanh(W u) with W orthogonal; writes down what it is given."""

    def __init__(self, weight: Tensor, seen: list[Tensor]) -> None:
        super().__init__()
        self.weight, self.seen = weight, seen

    def forward(self, u: Tensor) -> Tensor:
        self.seen.append(u.double())
        return torch.tanh(u.double() @ self.weight).to(u.dtype)


def nets(graph: Graph, shared: bool, seen: list[Tensor]) -> dict[str, list[nn.Module]]:
    """slot -> one sub-net for each set of weights, all alike if `shared`."""
    slots = {e.group: e.slot for e in graph.evaluations}
    found: dict[str, list[nn.Module]] = {slot: [] for slot in graph.slots}
    weight = torch.linalg.qr(torch.randn(WIDTH, WIDTH)).Q
    for slot in slots.values():
        own = weight if shared else torch.linalg.qr(torch.randn(WIDTH, WIDTH)).Q
        found[slot].append(Rotated(own, seen))
    return found


def errors(name: str, graph: Graph, dtype: torch.dtype, shared: bool) -> list[float]:
    """Of the arguments of all evaluations, then of the new states; the root of the mean square."""
    seen: list[Tensor] = []
    by_slot = nets(graph, shared, seen)
    f = by_slot if len(by_slot) > 1 else next(iter(by_slot.values()))
    extra = {"channels": WIDTH} if "channels: int" in source_of(name) else {}
    block = live_class(source_of(name))(f, **extra).eval()
    states = tuple(torch.randn(SAMPLES, WIDTH).to(dtype) for _ in graph.states)

    def run(dtype: torch.dtype) -> list[Tensor]:
        seen.clear()
        moved = block.to(dtype)  # the rotations are no parameters and stay as they are
        new = taken(moved(given(tuple(state.to(dtype) for state in states))))
        return [*seen, *(one.double() for one in new)]

    with torch.no_grad():
        pairs = zip(run(dtype), run(torch.float64), strict=True)
        return [(low - high).square().mean().sqrt().item() for low, high in pairs]


def bounds(graph: Graph) -> list[float]:
    """In the same order, in units of roundoff."""
    of = {row.key: row.error for row in amplification(graph).rows}
    known = dict.fromkeys(graph.state, 0.0)
    known |= {e.key: 1 + (of[e.argument] or 0.0) for e in graph.evaluations}
    found = [of[e.argument] for e in graph.evaluations]
    found += [of[key] if key in of else known[key] for key in graph.outputs]
    return [bound or 0.0 for bound in found]


BEGIN_AS_IDENTITY = ("rezero", "skipinit")
DTYPES = ["bfloat16", "float16", "float32"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SPECS)
def test_no_row_errs_by_more_than_the_bound(name: str, dtype: str) -> None:
    graph = straightened(lower(load(name)))
    for shared in (True, False):
        measured = errors(name, graph, getattr(torch, dtype), shared)
        predicted = [UNIT_ROUNDOFF[dtype] * bound for bound in bounds(graph)]
        for found, bound in zip(measured, predicted, strict=True):
            assert found <= bound
        if name not in BEGIN_AS_IDENTITY:
            assert max(predicted) <= 250 * max(measured), "the bound says something"


@pytest.mark.parametrize("name", ["verner89", "dop853"])
def test_where_half_precision_is_called_unsafe_it_may_be(name: str) -> None:
    graph = straightened(lower(load(name)))
    for dtype in ("bfloat16", "float16"):
        worst = max(errors(name, graph, getattr(torch, dtype), True))
        assert worst > 0.05, "of a state of size one"


@pytest.mark.parametrize("dtype", [*DTYPES, "float64"])
def test_roundoffs_are_those_of_torch(dtype: str) -> None:
    assert UNIT_ROUNDOFF[dtype] == torch.finfo(getattr(torch, dtype)).eps / 2
