"""Learning rates, step for step."""

from typing import Any

import pytest
import torch
from torch import nn

from butcher.training.optimize import WARMUP_START, optimizer, schedule
from butcher.training.recipe import TrainOptions


def rates(steps: int, **options: Any) -> list[float]:
    """The learning rate at each step of a whole training, `steps` an epoch."""
    read = TrainOptions(lr=1.0, **options)
    optimize = optimizer(nn.Linear(1, 1), read)
    rate = schedule(optimize, read, steps)
    found = []
    for _ in range(read.epochs * steps):
        found.append(float(rate.get_last_lr()[0]))
        optimize.step()
        rate.step()
    return found


def test_constant() -> None:
    assert rates(2, epochs=3, schedule="constant") == [1.0] * 6


def test_step_at_the_milestones() -> None:
    found = rates(2, epochs=4, schedule="step", milestones=(1, 3), gamma=0.1)
    assert found == pytest.approx([1, 1, 0.1, 0.1, 0.1, 0.1, 0.01, 0.01])


def test_cosine_ends_at_its_minimum() -> None:
    found = torch.tensor(rates(10, epochs=2, schedule="cosine", lr_min=0.2))
    expected = 0.2 + 0.4 * (1 + torch.cos(torch.arange(20) / 20 * torch.pi))
    torch.testing.assert_close(found, expected.to(found.dtype))


@pytest.mark.parametrize("kind", ["constant", "step", "cosine"])
def test_warm_up_rises_and_milestones_count_from_the_start(kind: str) -> None:
    found = rates(4, epochs=4, schedule=kind, milestones=(3,), warmup=1)
    assert found[0] == pytest.approx(WARMUP_START)
    assert found[:5] == sorted(found[:5])
    assert found[4] == pytest.approx(1.0)
    if kind == "step":
        assert found[11:13] == pytest.approx([1.0, 0.1])


def test_optimizers_are_what_the_recipe_says() -> None:
    model = nn.Linear(1, 1)
    sgd = optimizer(model, TrainOptions(momentum=0.8, nesterov=True, weight_decay=0.5))
    assert isinstance(sgd, torch.optim.SGD)
    assert {**sgd.defaults, "momentum": 0.8, "nesterov": True} == sgd.defaults
    assert [group["weight_decay"] for group in sgd.param_groups] == [0.5]
    assert isinstance(optimizer(model, TrainOptions(optimizer="adamw")), torch.optim.AdamW)
