"""What autograd keeps, each storage once, inputs and parameters by name."""

import torch
from torch import Tensor, nn

from butcher.counting.saved import Saved, saved

SIZE = 8 * 6


def test_a_storage_that_is_saved_twice_counts_once() -> None:
    u = torch.randn(6, requires_grad=True)

    def forward() -> Tensor:
        k = u.exp()  # keeps its result,
        return k * k  # which is both factors here

    assert saved(forward, [u], []) == Saved(maps=SIZE, inputs=0, parameters=0)


def test_inputs_and_parameters_are_told_apart() -> None:
    u, layer = torch.randn(1, 6, requires_grad=True), nn.Linear(6, 6)
    found = saved(lambda: layer(u).sin(), [u], layer.parameters())
    assert found == Saved(maps=SIZE, inputs=SIZE, parameters=6 * SIZE)


def test_sums_keep_nothing() -> None:
    u = torch.randn(6, requires_grad=True)
    assert saved(lambda: torch.add(u, u, alpha=2), [u], []) == Saved(0, 0, 0)
