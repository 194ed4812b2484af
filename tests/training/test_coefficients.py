"""The trained numbers of a network, read off."""

import pytest
import torch

from butcher import models
from butcher.models import Network
from butcher.training.coefficients import meaning, values


def network(**keys: object) -> Network:
    """A small one of the CIFAR shape, two stages unless `keys` say otherwise."""
    table = {"family": "resnet", "widths": [4, 8], "blocks": 2, **keys}
    return models.build(table, in_channels=3, classes=5)


def test_an_euler_network_of_fixed_step_has_none() -> None:
    assert values(network()) == []


def test_a_learned_step_is_one_number_a_block() -> None:
    made = network(step="learned", h=0.5)
    assert values(made) == [(block, "h", 0.5) for block in (1, 2, 3, 4)]


def test_steps_of_stages_are_named_as_in_the_emitted_class() -> None:
    made = network(scheme="midpoint", step="per-stage", widths=[4], blocks=1)
    assert [name for _, name, _ in values(made)] == ["h[0]", "h[1]"]
    with torch.no_grad():
        made.blocks[0].h[1].fill_(0.25)  # type: ignore[index]
    assert values(made) == [(1, "h[0]", 1.0), (1, "h[1]", 0.25)]


def test_a_bounded_number_is_given_inside_its_bounds() -> None:
    made = network(scheme="heun_family", values={"a": 0.75})
    found = values(made)
    assert [(block, name) for block, name, _ in found] == [(n, "a") for n in (1, 2, 3, 4)]
    assert [value for _, _, value in found] == pytest.approx([0.75] * 4)
    assert {meaning(block, "a_free") for block in made.blocks} == {"a"}


def test_one_per_channel_is_given_by_mean_and_extremes() -> None:
    made = network(scheme="layerscale", widths=[4], blocks=1)
    with torch.no_grad():
        made.blocks[0].a.copy_(torch.tensor([1.0, 2.0, 3.0, 6.0]))  # type: ignore[operator]
    assert values(made) == [(1, "a mean", 3.0), (1, "a min", 1.0), (1, "a max", 6.0)]


def test_a_number_without_effect_is_left_out() -> None:
    restarted = network(scheme="lm_resnet", start="restart")
    assert [block for block, _, _ in values(restarted)] == [2, 4]
    repeated = network(scheme="lm_resnet", start="repeat")  # of the first block u[n-1] is u[n]
    assert [block for block, _, _ in values(repeated)] == [2, 3, 4]
    assert all(-0.1 <= value <= 0 for _, _, value in values(repeated))
