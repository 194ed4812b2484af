"""HO-ResNet: the parameter counts of Luo et al., and depth as a budget of layers."""

from typing import Any

import pytest
import torch

from butcher.compiler import shipped
from butcher.models import Network, TableError, build, parameters
from butcher.models.shape import Shape
from butcher.models.subnets import subnet


def network(**table: Any) -> Network:
    return build({"family": "ho-resnet", **table}, in_channels=3, classes=10)


@pytest.mark.parametrize("name", ["vgg", "preactivation", "postactivation"])
def test_a_sub_net_has_73984_parameters(name: str) -> None:
    assert parameters(subnet(name).make(Shape.same(64))) == 73_984


# Layers, parameters, and the schemes of Luo's Table 3 that reach them with their blocks.
TABLE_3 = [
    (10, 298_442, {"euler": 4, "midpoint": 2, "rk4": 1}),
    (18, 594_378, {"euler": 8, "midpoint": 4, "rk4": 2}),
    (26, 890_314, {"euler": 12, "midpoint": 6, "rk4": 3}),
    (30, 1_038_282, {"euler": 14, "midpoint": 7, "verner89": 1}),
    (58, 2_074_058, {"euler": 28, "midpoint": 14, "rk4": 7, "verner89": 2}),
    (82, 2_961_866, {"rk4": 10}),
    (86, 3_109_834, {"euler": 42, "midpoint": 21, "verner89": 3}),
]


@pytest.mark.parametrize(
    ("depth", "count", "scheme", "blocks"),
    [(depth, count, *item) for depth, count, blocks in TABLE_3 for item in blocks.items()],
)
def test_table_3_of_luo(depth: int, count: int, scheme: str, blocks: int) -> None:
    with torch.device("meta"):  # counting needs no numbers
        model = network(scheme=scheme, depth=depth)
    assert parameters(model) == count
    assert model.facts.blocks == (blocks,)


@pytest.mark.parametrize(("step", "each"), [("learned", 1), ("per-stage", 14)])
def test_a_learned_step_adds_its_scalars(step: str, each: int) -> None:
    assert parameters(network(scheme="verner89", step=step, blocks=2)) == 2_074_058 + 2 * each


@pytest.mark.parametrize("post", ["none", "relu"])
def test_images_become_logits(post: str) -> None:
    model = network(scheme="rk4", blocks=2, width=4, post=post)
    assert model(torch.randn(5, 3, 8, 8)).shape == (5, 10)


def test_with_h_0_what_is_left_is_stem_pooling_and_classifier() -> None:
    model = network(scheme="midpoint", blocks=3, width=4, h=0.0)
    x = torch.randn(2, 3, 8, 8)
    stem, head = model.get_submodule("stem"), model.get_submodule("head")
    torch.testing.assert_close(model(x), head(stem(x)))


def test_blocks_of_several_states_pass_tuples() -> None:
    model = network(scheme="lm_resnet", depth=8, width=4)
    assert model.facts.blocks == (3,)
    assert model(torch.randn(2, 3, 8, 8)).shape == (2, 10)


def test_a_coefficient_per_channel_is_as_wide_as_the_network() -> None:
    plain, scaled = (network(scheme=s, blocks=2, width=4) for s in ("euler", "layerscale"))
    assert parameters(scaled) == parameters(plain) + 2 * 4


def makes_a_network(scheme: str) -> bool:
    model = network(scheme=scheme, blocks=2, width=2, start="repeat")
    return model(torch.randn(2, 3, 4, 4)).shape == (2, 10)


@pytest.mark.parametrize("scheme", ["ab3", "backward_euler", "polynet_mpoly2", "revnet"])
def test_schemes_of_every_kind_make_networks(scheme: str) -> None:
    assert makes_a_network(scheme)


@pytest.mark.slow
def test_every_shipped_scheme_makes_a_network() -> None:
    assert [name for name in shipped() if not makes_a_network(name)] == []


def test_an_unknown_scheme_and_an_impossible_option_are_named() -> None:
    with pytest.raises(TableError, match=r"model\.scheme: no shipped spec is called 'rk5'.*rk4"):
        network(scheme="rk5", blocks=1)
    plain = "method plain\nstep\n  u[n+1] = u[n] + f(u[n])\n"
    with pytest.raises(TableError, match=r"^model: this method has no step: h must be 1"):
        network(scheme=plain, blocks=1, h=0.5)


@pytest.mark.parametrize(
    ("scheme", "depth", "near"),
    [("verner89", 31, "write 30 or 58"), ("rk4", 84, "write 82 or 90"), ("rk4", 1, "write 10")],
)
def test_a_budget_that_does_not_divide_names_the_nearest(
    scheme: str, depth: int, near: str
) -> None:
    with pytest.raises(TableError, match=near):
        network(scheme=scheme, depth=depth, width=2)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"scheme": "rk4"}, "give depth"),
        ({"scheme": "rk4", "depth": 10, "blocks": 1}, "give depth"),
        ({"blocks": 1}, r"model\.scheme: is missing"),
        ({"scheme": "rk4", "blocks": 0}, r"model\.blocks: 0: should be greater"),
        ({"scheme": "rk4", "blocks": "2"}, r'model\.blocks: "2": should be a valid integer'),
        ({"scheme": "rk4", "blocks": 1, "widht": 8}, r'widht: no such key; did you mean "width"'),
        ({"scheme": "rk4", "blocks": 1, "subnet": "vg"}, r'"vg" is not known; did you mean "vgg"'),
        ({"scheme": "rk4", "blocks": 1, "step": "fix"}, r'"fix" is not known; expected \'fixed\''),
        ({"scheme": "rk4", "blocks": 1, "family": "resnot"}, r"\"resnot\" is not known; did you"),
    ],
)
def test_a_wrong_table_says_what_would_be_right(table: dict[str, Any], message: str) -> None:
    with pytest.raises(TableError, match=message):
        network(**table)


def test_every_wrong_key_is_named_at_once() -> None:
    with pytest.raises(TableError) as wrong:
        network(scheme="rk4", blocks=1, colour="red", width=-1)
    assert {problem.key for problem in wrong.value.problems} == {"model.colour", "model.width"}


def test_a_table_without_a_family_names_the_families() -> None:
    with pytest.raises(TableError, match="ho-resnet"):
        build({"scheme": "rk4", "blocks": 1}, 3, 10)
