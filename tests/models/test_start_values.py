"""What weights start as, and which of them decay."""

import math

import pytest
import torch
from torch import nn

from butcher.models import Network, build, param_groups
from butcher.models.subnets import last_norm


def small(**table: object) -> Network:
    return build({"family": "resnet", "blocks": 2, "width": 4, **table}, 3, 10)


def test_convolutions_are_he_normal() -> None:
    model = build({"family": "resnet", "blocks": 1, "width": 32}, 3, 10)
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and module.in_channels >= 32:
            fan_out = module.out_channels * math.prod(module.kernel_size)
            assert float(module.weight.detach().std()) == pytest.approx(
                math.sqrt(2 / fan_out), rel=0.05
            )


def test_blocks_may_start_as_the_identity() -> None:
    model = small(zero_init=True, post="none")
    x = torch.randn(2, 3, 8, 8)
    state = model.begin(x)
    first = model.blocks[0]
    assert torch.equal(first(state), state)
    norms = [last_norm(net) for block in model.blocks for net in block.get_submodule("f")]
    assert all(norm is not None and not norm.weight.any() for norm in norms)


def test_fixup_starts_as_its_paper_says() -> None:
    model = small(subnet="fixup")
    nets = [net for block in model.blocks for net in block.get_submodule("f")]
    assert all(not net.get_parameter("conv2.weight").any() for net in nets)
    first = nets[0].get_parameter("conv1.weight")
    he = math.sqrt(2 / (first.shape[0] * 9))
    assert float(first.detach().std()) == pytest.approx(he / math.sqrt(len(nets)), rel=0.3)


@pytest.mark.parametrize(
    ("table", "numbers"),
    [
        ({"scheme": "lm_resnet", "start": "repeat"}, 6),
        ({"scheme": "lm_resnet"}, 3),  # three are frozen: the first block of each stage has no k
        ({"scheme": "rk4", "step": "learned"}, 6),
        ({"scheme": "rk4", "step": "per-stage"}, 6 * 4),
        ({"scheme": "euler"}, 0),
    ],
)
def test_numbers_of_the_scheme_do_not_decay(table: dict[str, object], numbers: int) -> None:
    model = small(**table)
    groups = param_groups(model, 0.1)
    kept = [p for group in groups if not group["weight_decay"] for p in group["params"]]
    assert sum(p.numel() for p in kept) == numbers
    trained = [p for p in model.parameters() if p.requires_grad]
    assert sum(len(group["params"]) for group in groups) == len(trained)


def test_norms_and_biases_decay_unless_they_are_not_to() -> None:
    model = small(transition="projection-norm")
    decayed, kept = param_groups(model, 0.1, decay_norms=False)
    assert {p.dim() for p in decayed["params"]} == {2, 4}
    assert {p.dim() for p in kept["params"]} == {1}
