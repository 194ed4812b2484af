"""Blocks that make no step, silent sub-nets, other orders: what that does to a network."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from butcher.block import make_block
from butcher.laboratory.dropped import Dropped, sources
from butcher.laboratory.lesion.change import Lesion, silenced
from butcher.laboratory.lesion.draw import kendall, layout
from butcher.laboratory.lesion.measure import errors
from butcher.laboratory.walk import Walk, parts, places
from butcher.models import build
from butcher.models.network import Network

SMALL = {"family": "ho-resnet", "scheme": "euler", "blocks": 4, "width": 4}
STAGES = {"family": "preact-resnet", "widths": [4, 6], "blocks": 3}
LM = {"family": "lm-resnet", "widths": [4, 6], "blocks": 3}


def network(table: dict[str, Any]) -> Network:
    torch.manual_seed(1)
    made = build(table, 1, 10).eval()
    for module in made.modules():
        if isinstance(module, nn.BatchNorm2d):  # else statistics hide what evaluation mode does
            nn.init.uniform_(module.running_mean, -0.3, 0.3)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
    return made


def images(number: int = 6) -> Tensor:
    return torch.randn(number, 1, 8, 8)


def lesioned(net: Network, lesion: Lesion, x: Tensor) -> Tensor:
    with torch.no_grad():
        return Walk(net, x).logits(lesion.applied(net, parts(net)))


@pytest.mark.parametrize("table", [SMALL, STAGES, LM])
def test_without_a_lesion_the_network_is_itself(table: dict[str, Any]) -> None:
    net, x = network(table), images()
    with torch.no_grad():
        assert torch.equal(lesioned(net, Lesion(), x), net(x))


def test_a_network_with_all_blocks_dropped_is_its_head_on_its_stem() -> None:
    net, x = network(SMALL), images()
    with torch.no_grad():
        expected = net.head(net.stem(x))
    assert torch.equal(lesioned(net, Lesion(dropped=(0, 1, 2, 3)), x), expected)


def test_a_dropped_block_is_one_that_is_not_there() -> None:
    net, x = network(SMALL), images()
    without = network(SMALL)
    del without.stages[0][2]
    with torch.no_grad():
        assert torch.equal(lesioned(net, Lesion(dropped=(2,)), x), without(x))


def test_a_dropped_block_that_changes_shape_is_its_transition() -> None:
    net, x = network(STAGES), images()
    block: Any = net.stages[1][0]
    with torch.no_grad():
        state = net.stages[0](net.begin(x))
        there = Dropped(block, net.newest)(state)
        assert isinstance(there, Tensor)
        assert torch.equal(there, block.transition(state))
        assert there.shape == block(state).shape != state.shape
        nn.init.zeros_(block.f[0][-1].weight)  # F = 0: the block itself makes no step
        assert torch.equal(block(state), there)


def test_a_dropped_multistep_block_moves_values_up() -> None:
    block: Any = make_block("lm_resnet", nn.Identity, k=0.5)
    u, earlier = torch.tensor([[3.0]]), torch.tensor([[5.0]])
    assert Dropped(block, (0,))((u, earlier)) == (u, u)
    block = make_block("revnet", nn.Identity)
    assert Dropped(block, (0, 1))((u, earlier)) == (u, earlier)


def test_a_dropped_adams_block_keeps_the_last_evaluations() -> None:
    block: Any = make_block("ab3", nn.Identity)
    u, f1, f2 = (torch.tensor([[value]]) for value in (3.0, 5.0, 7.0))
    assert block.states == ("u[n]", "f[n-1]", "f[n-2]")
    assert Dropped(block, (0,))((u, f1, f2)) == (u, f1, f2)


def test_values_with_several_lags_move_up_and_evaluations_do_not() -> None:
    assert sources(("u[n]", "u[n-1]", "u[n-2]", "f[n]", "f[n-1]"), (0,)) == [0, 0, 1, 3, 4]
    assert sources(("x[n]", "x[n-1]", "y[n]"), (0, 2)) == [0, 0, 2]


def test_the_starter_of_a_stage_is_dropped_to_its_projected_value() -> None:
    net, x = network(LM), images(2)
    found = layout(net, x)
    assert found.droppable == tuple(range(6))
    assert found.changes == {3}
    with torch.no_grad():
        walk = Walk(net, x)
        place = places(net)[3]
        newest, earlier = Dropped(walk.parts[place], net.newest)(walk.states[place])
    assert torch.equal(newest, earlier)
    assert newest.shape == walk.states[place + 1][0].shape


def test_a_silent_sub_net_is_a_sub_net_of_zeros() -> None:
    block: Any = make_block("rk4", lambda: nn.Linear(3, 3), h=0.5)
    u = torch.randn(2, 3)
    with torch.no_grad():
        found = silenced(block, {1, 2})(u)
        for i in (1, 2):
            nn.init.zeros_(block.f[i].weight)
            nn.init.zeros_(block.f[i].bias)
        assert torch.equal(found, block(u))


def test_of_an_euler_network_a_silent_sub_net_is_a_dropped_block() -> None:
    net, x = network(STAGES), images()
    for block in range(6):
        dropped, silent = Lesion(dropped=(block,)), Lesion(silent=((block, 0),))
        assert torch.equal(lesioned(net, dropped, x), lesioned(net, silent, x))


def test_only_blocks_of_one_shape_in_one_stage_are_exchanged() -> None:
    assert layout(network(STAGES), images(2)).alike == ((0, 1, 2), (4, 5))
    same_width = {**STAGES, "widths": [4, 4], "strides": [1, 2]}
    assert layout(network(same_width), images(2)).alike == ((0, 1, 2), (4, 5))
    lm = layout(network(LM), images(2))
    assert lm.alike == ((1, 2), (4, 5))  # the starters are another method
    dense = network({"family": "densenet", "blocks": 2, "growth": 4})
    assert layout(dense, images(2)).alike == ()


def test_exchanged_blocks_are_a_network_built_in_that_order() -> None:
    net, x = network(SMALL), images()
    other = network(SMALL)
    stage = other.stages[0]
    stage[0], stage[2] = stage[2], stage[0]
    with torch.no_grad():
        assert torch.equal(lesioned(net, Lesion(order=(2, 1, 0, 3)), x), other(x))


def test_the_first_block_put_elsewhere_begins_as_the_new_first_one() -> None:
    net, x = (
        network({"family": "ho-resnet", "scheme": "ab2", "blocks": 3, "start": "repeat"}),
        images(2),
    )
    other = network({"family": "ho-resnet", "scheme": "ab2", "blocks": 3, "start": "repeat"})
    stage = other.stages[0]
    stage[0], stage[1] = stage[1], stage[0]
    with torch.no_grad():
        assert torch.equal(lesioned(net, Lesion(order=(1, 0, 2)), x), other(x))


def test_kendalls_tau_is_that_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    order = [3, 0, 2, 1, 5, 4]
    expected = stats.kendalltau(range(6), order).statistic
    assert kendall(order, [range(6)]) == pytest.approx(expected)
    assert kendall(range(6), [range(6)]) == 1
    assert kendall([2, 1, 0, 5, 4, 3], [(0, 1, 2), (3, 4, 5)]) == -1


def test_draws_are_the_same_for_the_same_layout_and_all_different() -> None:
    found = layout(network(SMALL), images(2))
    draws = found.several("block", 3)
    assert draws == found.several("block", 3)
    assert [(number, len(lesions)) for number, lesions in draws.items()] == [(2, 3), (3, 3), (4, 1)]
    assert all(len(set(each.dropped)) == n for n, lesions in draws.items() for each in lesions)
    orders = found.several("shuffle", 2)
    assert list(orders) == [1, 2, 3, 4]
    assert all(
        sorted(each.order or ()) == [0, 1, 2, 3] for lesions in orders.values() for each in lesions
    )
    assert all(each.tau < 1 for each in orders[1])


def test_neighbours_that_are_exchanged_are_named() -> None:
    found = layout(network(STAGES), images(2))
    names = [found.name(lesion) for lesion in found.single("shuffle")]
    assert names == ["blocks 1 and 2", "blocks 2 and 3", "blocks 5 and 6"]
    assert [found.name(each) for each in found.single("evaluation")][:2] == [
        "block 1, f1",
        "block 2, f1",
    ]


class Held:
    """A split of a few images."""

    def __init__(self, x: Tensor, labels: Tensor) -> None:
        self.x, self.labels = x, labels

    def __len__(self) -> int:
        return len(self.x)

    def images(self, indices: Any, key: int | None = None) -> Tensor:
        return self.x[torch.as_tensor(indices)]


def test_errors_are_those_of_the_network_and_its_weights_stay() -> None:
    net, x = network(LM).float(), images(150).float()
    with torch.no_grad():
        y = net(x).argmax(dim=1)
    y[:30] = (y[:30] + 1) % 10
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    lesions = [Lesion(number=0), Lesion(dropped=(1,)), Lesion(order=(0, 2, 1, 3, 5, 4))]
    found = errors(net, Held(x, y), lesions)
    assert found[0] == pytest.approx(0.2)
    for lesion, error in zip(lesions, found, strict=True):
        wrong = lesioned(net, lesion, x).argmax(dim=1) != y
        assert error == pytest.approx(wrong.float().mean().item())
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())
