"""What is measured beside each other computes the same."""

import pytest
import torch
from block.nets import Mix

from butcher.bench.item import Held, evaluations, method
from butcher.bench.peers import PEERS

U = torch.randn(2, 3, 4, 4, dtype=torch.float64)


@pytest.mark.parametrize(
    ("peer", "name", "held", "count"),
    [
        ("torchdiffeq rk4", "rk38", "fixed", 4),
        ("torchdiffeq dopri5", "dopri54", "controlled", 7),
        ("torchode dopri5", "dopri54", "controlled", 7),
    ],
)
def test_a_peer_takes_the_step_of_the_block(peer: str, name: str, held: Held, count: int) -> None:
    f, of = Mix(), method(name, held, shared=True)
    torch.testing.assert_close(PEERS[peer](f)(U), of.block([f])(U), rtol=1e-6, atol=1e-6)
    assert evaluations(lambda branches: PEERS[peer](branches[0]), 1) == count
    assert evaluations(of.block, 1) == count
