"""Learning rates, step for step."""

from typing import Any

import pytest
import torch
from torch import nn

from butcher.training.optimize import WARMUP_START, optimizer, rate
from butcher.training.options import TrainOptions


def rates(steps: int, **options: Any) -> list[float]:
    """The learning rate at each step of a whole training, `steps` an epoch."""
    read = TrainOptions(**{"lr": 1.0, **options})
    return [rate(read, step, steps) for step in range(read.epochs * steps)]


def test_constant() -> None:
    assert rates(2, epochs=3, schedule="constant") == [1.0] * 6


def test_step_at_the_milestones() -> None:
    found = rates(2, epochs=4, schedule="step", milestones=(1, 3), gamma=0.1)
    assert found == pytest.approx([1, 1, 0.1, 0.1, 0.1, 0.1, 0.01, 0.01])


def test_cosine_is_that_of_torch_and_ends_at_its_minimum() -> None:
    found = rates(10, epochs=2, schedule="cosine", lr_min=0.2)
    optimize = torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0)
    torchs = torch.optim.lr_scheduler.CosineAnnealingLR(optimize, T_max=20, eta_min=0.2)
    for step in found:
        assert step == pytest.approx(torchs.get_last_lr()[0])
        optimize.step()
        torchs.step()


def test_a_cosine_runs_down_in_every_cycle() -> None:
    """The schedule of multi-level training: 160 epochs, anew at 60 and 110 (Chang et al.)."""
    found = rates(2, lr=0.5, lr_min=0.001, epochs=160, restarts=(60, 110))
    parts = found[:120], found[120:220], found[220:]
    for part in parts:
        cycle = rates(2, lr=0.5, lr_min=0.001, epochs=len(part) // 2)
        assert part == pytest.approx(cycle)
        assert part[0] == 0.5
        assert part == sorted(part, reverse=True)


def test_restarts_after_the_end_do_not_count() -> None:
    assert rates(3, epochs=2, restarts=(2, 60)) == rates(3, epochs=2)


@pytest.mark.parametrize("kind", ["constant", "step", "cosine"])
def test_warm_up_rises_and_milestones_count_from_the_start(kind: str) -> None:
    of_kind = {"step": {"milestones": (3,)}, "cosine": {"restarts": (3,)}}.get(kind, {})
    found = rates(4, epochs=4, schedule=kind, warmup=1, **of_kind)
    assert found[0] == pytest.approx(WARMUP_START)
    assert found[:5] == sorted(found[:5])
    assert found[4] == pytest.approx(1.0)
    if kind == "step":
        assert found[11:13] == pytest.approx([1.0, 0.1])
    if kind == "cosine":
        assert found[11] < 0.2 < found[12] == 1.0


def test_a_warm_up_may_be_a_part_of_an_epoch() -> None:
    assert rates(4, epochs=2, schedule="constant", warmup=0.5)[1:3] == pytest.approx([0.505, 1])


def test_optimizers_are_what_the_recipe_says() -> None:
    model = nn.Linear(1, 1)
    sgd = optimizer(model, TrainOptions(momentum=0.8, nesterov=True, weight_decay=0.5))
    assert isinstance(sgd, torch.optim.SGD)
    assert {**sgd.defaults, "momentum": 0.8, "nesterov": True} == sgd.defaults
    assert [group["weight_decay"] for group in sgd.param_groups] == [0.5]
    assert isinstance(optimizer(model, TrainOptions(optimizer="adamw")), torch.optim.AdamW)
