"""The maps that blocks hold across evaluations are those that the analysis says."""

import pytest
import torch
from torch import Tensor, nn

from butcher.analysis.network.carried import cuts
from butcher.bench.item import method
from butcher.bench.naive import Naive
from butcher.counting.live import carried

U = torch.randn(2, 3, 4, 4)
TABLEAUS = ["euler", "rk4", "rk38", "dopri54", "dop853", "verner89", "feagin108"]


@pytest.mark.parametrize("name", TABLEAUS)
def test_an_emitted_block_holds_the_structural_rank_everywhere(name: str) -> None:
    of = method(name, "fixed")
    found = cuts(of.graph)
    held = carried(lambda f: of.block([f] * len(found)), U)
    assert held == tuple(len(cut.cover) for cut in found)


def test_the_naive_form_holds_every_k_to_the_end() -> None:
    graph = method("rk4", "fixed").graph
    assert carried(lambda f: Naive(graph, [f] * 4, "gathered"), U) == (1, 2, 3, 4)


def test_the_state_counts_as_long_as_it_is_read() -> None:
    class TwoF(nn.Module):
        def __init__(self, f: nn.Module) -> None:
            super().__init__()
            self.f = f

        def forward(self, u: Tensor) -> Tensor:
            return self.f(self.f(u)) if self.training else u + self.f(self.f(u))

    assert carried(TwoF, U) == (0, 0)
    assert carried(lambda f: TwoF(f).eval(), U) == (1, 1)
