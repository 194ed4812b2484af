"""`evaluations = "together"` reaches every block of a network, and changes no number on a CPU."""

import sys
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from butcher.block import make_block
from butcher.models import TableError, build, stack
from butcher.models.network import Network
from butcher.models.reversible import Reversible


def level_counts(network: nn.Module) -> list[int]:
    """How many blocks' files call `together`, and how many do not."""
    files = [sys.modules[type(m).__module__] for m in network.modules() if hasattr(m, "nfe")]
    return [sum(hasattr(file, "together") is has for file in files) for has in (True, False)]


def shaken(**keys: Any) -> Network:
    torch.manual_seed(0)
    table = {"family": "shake-shake", "blocks": 1, "width": 4, **keys}
    return build(table, in_channels=3, classes=2)


def trained(network: Network) -> list[Tensor]:
    torch.manual_seed(1)
    out = network(torch.randn(2, 3, 8, 8))
    out.square().sum().backward()
    return [out, *(p.grad for p in network.parameters() if p.grad is not None)]


def test_the_key_of_the_table_reaches_all_blocks() -> None:
    assert level_counts(shaken(evaluations="together")) == [3, 0]
    assert level_counts(shaken(evaluations="in-turn")) == level_counts(shaken()) == [0, 3]


def test_a_stack_of_ones_own_takes_it_too() -> None:
    network = stack("polynet_2way", lambda: nn.Linear(3, 3), blocks=2, evaluations="together")
    assert level_counts(network) == [2, 0]


def test_blocks_that_begin_a_multistep_method_have_it() -> None:
    starter = """method two_at_once

step
  a = f(u[n])
  b = f(1/2*u[n])
  u[n+1] = u[n] + 1/2*h*a + 1/2*h*b
"""
    table = {"family": "resnet", "scheme": "lm_resnet", "blocks": 2, "width": 4}
    table |= {"start": "restart", "starter": starter, "evaluations": "together"}
    taken, plain = level_counts(build(table, in_channels=3, classes=2))
    assert taken >= 1, "the starter's blocks"
    assert plain >= 1, "lm_resnet evaluates once"


def test_another_value_is_refused_with_the_known_ones() -> None:
    with pytest.raises(TableError, match=r"model\.evaluations.*in-turn.*together"):
        shaken(evaluations="parallel")
    with pytest.raises(TableError, match=r"evaluations: is a key of \[model\] itself"):
        shaken(values={"evaluations": 1})


@pytest.mark.parametrize("keys", [{}, {"checkpoint": "stage"}, {"checkpoint": "block"}], ids=str)
def test_training_is_the_same_to_the_last_bit(keys: dict[str, Any]) -> None:
    found = trained(shaken(evaluations="together", **keys))
    wanted = trained(shaken(**keys))
    assert all(torch.equal(a, b) for a, b in zip(found, wanted, strict=True))


def test_a_reversible_network_is_the_same_to_the_last_bit() -> None:
    text = """method two_branches
  ode x' = f(y) + g(y), y' = l(x)

step
  x[n+1] = x[n] + h*f(y[n]) + h*g(y[n])
  y[n+1] = y[n] + h*l(x[n+1])
"""
    found = []
    for evaluations in ("together", "in-turn"):
        torch.manual_seed(0)
        net = lambda: nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Dropout(0.3))  # noqa: E731
        blocks = [make_block(text, net, evaluations=evaluations) for _ in range(3)]
        network, u = Reversible(*blocks), torch.randn(2, 3, requires_grad=True)
        torch.manual_seed(1)
        x, y = network((u, 2 * u))
        (x.sum() + y.square().sum()).backward()
        found.append([x, y, u.grad, *(p.grad for p in network.parameters())])
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))
